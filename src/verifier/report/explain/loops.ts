/** Loops without an end that the verifier can see, and recursion. */
import { BPF_PSEUDO_CALL, BPF_JCOND, BPF_JMP, OP_CALL } from "../../../isa/table.ts";
import { type Case, type Family, family, type Told } from "./case.ts";

/** The conditions that stand within the loop: how it would be left. */
function conditions(c: Case, head: number): { texts: string[]; decided: boolean } {
  const texts: string[] = [];
  let decided = true;
  const steps = c.way?.steps ?? [];
  for (let i = steps.length - 1; i >= 0 && steps.length - i < 64; i--) {
    const s = steps[i]!;
    if (s.compared) {
      const text = c.expressionOf(s.from) ?? c.insnText(s.from);
      if (!texts.includes(text)) texts.push(text);
      decided &&= s.compared.decided;
    }
    if (s.to === head) break;
  }
  return { texts, decided: decided && texts.length > 0 };
}
function endless(c: Case): Told {
  const at = Number(c.line(/^infinite loop detected at insn (\d+)/)?.[1] ?? c.at);
  const { texts, decided } = conditions(c, at);
  const mayGoto = c.insn?.code === (BPF_JMP | BPF_JCOND);
  const iterators = c.env.kernel.kfunc("bpf_iter_num_new") !== undefined;
  const loopHelper = c.env.kernel.helperByName("bpf_loop") !== undefined;
  const which = texts.length > 0 ? ` (${texts.slice(0, 2).map((t) => `\`${t}\``).join(", ")})` : "";
  const ways = [loopHelper ? "bpf_loop()" : "", iterators ? "`bpf_for(i, 0, N)`" : "", c.env.f.may_goto ? "`cond_break;` in the loop's body" : ""].filter((t) => t !== "");
  const bounded = ways.length > 0 ? [`Where the number of rounds is not known, use ${ways.join(" or ")}: the end is then certain`] : [];
  return {
    title: "The loop has no end that the verifier can see", registers: [],
    reason: `The path came back to ${c.place(at)} (instruction ${at}), and nothing changes from round to round in what the verifier knows${mayGoto ? "" : decided ? `: the condition${which} comes out the same each time` : texts.length > 0 ? `: whether the loop is left depends on values that it does not know${which}` : ": no condition leads out of it"}. It would walk round for ever.`,
    fixes: [
      "Let a variable count the rounds and leave at a limit: `for (int i = 0; i < N; i++)`",
      ...(texts.length > 0 && !decided ? ["Do not let the end depend on memory alone (a global variable, a map's value, the context): such values are unknown anew in each round. Add a count to the condition"] : []),
      ...bounded,
    ],
    related: [c.related(at, "the loop comes back here unchanged")],
  };
}
function recursion(c: Case, from: string, to: string): Told {
  const { insns } = c.env;
  let at: number | undefined;
  for (let i = 0; i < insns.length && at === undefined; i++)
    if (insns[i]!.code === OP_CALL && insns[i]!.src === BPF_PSEUDO_CALL && c.env.subprogName(c.env.findContainingSubprog(i)) === from && c.callAt(i)?.name === to) at = i;
  return {
    title: from === to ? "A function calls itself" : "Functions call each other in a circle", ...(at === undefined ? {} : { at }),
    reason: from === to ? `${from}() calls itself${at === undefined ? "" : ` at ${c.place(at)}`}; BPF has no recursion.` : `${from}() calls ${to}()${at === undefined ? "" : ` at ${c.place(at)}`}, which leads to ${from}() again; BPF has no recursion.`,
    fixes: ["Turn the recursion into a loop with a limit", "Keep what the calls would remember in an array (a local one, or a map's value)"],
  };
}
function jumpsBack(c: Case, from: number, to: number): Told {
  const { env } = c;
  if (to === from + 1 && env.bpfCapable) {
    return {
      title: "A loop closes behind a call", at: from, reason: `Instruction ${from} (${c.insnText(from)}) goes on to instruction ${to}, from which the way leads back to it: Linux ${env.kernel.name} does not take a loop that closes right behind a call.`,
      fixes: ["Put the loop's condition behind the call: `do { …; call(); } while (…);`", "Or unroll the loop: `#pragma unroll` before it, with a constant number of rounds"], related: [c.related(to, "the loop begins here")],
    };
  }
  const why = c.env.bpfCapable ? "this program may not loop" : "a program without privileges may not loop";
  return {
    title: "The program jumps back", at: from, reason: `The jump at ${c.place(from)} (instruction ${from}) goes back to ${c.place(to)}; ${why}.`,
    fixes: ["Unroll the loop: `#pragma unroll` (or `#pragma clang loop unroll(full)`) before it, with a constant number of rounds", ...(c.env.bpfCapable ? [] : ["Or load the program with CAP_BPF"])],
    related: [c.related(to, "it jumps back to here")],
  };
}

export const LOOPS: readonly Family[] = [
  family("endless-loop", "bpf_is_state_visited", /^(?:infinite loop detected at insn (\d+)|old state:.*)$/, (c) => endless(c)),
  family("endless-loop", "push_insn", /^back-edge from insn (\d+) to (\d+)$/, (c, m) => jumpsBack(c, Number(m[1]), Number(m[2]))),
  family("endless-loop", "sort_subprogs_topo", /^recursive call from (\S+?)\(\) to (\S+?)\(\)$/, (c, m) => recursion(c, m[1]!, m[2]!)),
];
