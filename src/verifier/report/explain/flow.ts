/** Limits of the walk, instructions nobody reaches, and the maps that instructions name. */
import { BPF_JMP, bpfClass } from "../../../isa/table.ts";
import { type Case, type Family, family, fixed, plural, type Told } from "./case.ts";

/** The jump back of the loop that was walked most, and how often. */
function busiest(c: Case): { head: number; from: number; visits: number } | null {
  const { visits, insns } = c.env;
  let best: { head: number; from: number; visits: number } | null = null;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const cls = bpfClass(insn.code);
    if ((cls !== BPF_JMP && cls !== 6) || insn.code === 0x85 || insn.code === 0x95) continue;
    const to = i + 1 + (insn.code === 0x06 ? insn.imm : insn.off);
    if (to > i || to < 0) continue;
    if (!best || visits[i]! > best.visits) best = { head: to, from: i, visits: visits[i]! };
  }
  return best && best.visits > 1 ? best : null;
}
function tooLarge(c: Case): Told {
  const loop = busiest(c);
  const processed = c.env.insnProcessed - 1;
  const paths = c.env.pathGen;
  const looped = loop !== null && loop.visits > 200;
  return {
    title: "Too many instructions to walk", registers: [],
    reason: `The verifier walked ${processed.toLocaleString("en")} instructions over ${paths <= 0 ? "one path" : `${(paths + 1).toLocaleString("en")} paths`} without coming to an end; ${c.env.insnLimit.toLocaleString("en")} is its limit.${looped ? ` The jump back at ${c.place(loop.from)} to ${c.place(loop.head)} was taken into account ${loop.visits.toLocaleString("en")} times: each round that differs from all before is walked anew.` : ""}`,
    fixes: [
      ...(looped ? [`Make fewer rounds of the loop at ${c.place(loop.head)}, or let the verifier walk its body once for all rounds: bpf_loop() with the body as a callback${c.env.kernel.kfunc("bpf_iter_num_new") ? ", or `bpf_for(i, 0, N)`" : ""}`] : ["Split the program: tail calls, or global functions (not static), which are judged once by themselves and not at every call"]),
      ...(looped ? ["Keep counters and sums in global variables or a map's value: known numbers that differ from round to round keep the states apart, and what lies in memory like that counts as unknown", "Or split the work: tail calls, or global functions (not static), which are judged once by themselves"] : ["Fewer branches in a row: each doubles the number of paths until they meet again"]),
    ],
    ...(looped ? { related: [c.related(loop.head, `the loop begins here (${loop.visits.toLocaleString("en")} visits)`)] } : {}),
  };
}
export const FLOW: readonly Family[] = [
  family("too-large", "do_check", /^BPF program is too large\. Processed \d+ insn$/, (c) => tooLarge(c)),
  family("too-large", "push_stack", /^The sequence of (\d+) jumps is too complex(?: for async cb)?\.$/, (c, m) => ({ ...tooLarge(c), title: "Too many branches are open at once", reason: `${Number(m[1]).toLocaleString("en")} branches were put aside without one of their paths coming to an end; 8,192 is the limit. Long loops with branches in each round, unrolled or not, are the usual cause.` })),
  family("unreachable", "bpf_check_cfg", /^unreachable insn (\d+)$/, (c, m) => ({ title: "Code that is never reached", reason: `No path leads to instruction ${m[1]} (${c.insnText(Number(m[1]))})${c.env.insns[Number(m[1]) - 1] ? `; the one before it is \`${c.insnText(Number(m[1]) - 1)}\`` : ""}.`, fixes: ["Remove the code", "Or check the jump before it: its offset may be wrong"] })),
  family("map-fd", "add_used_map", /^fd (-?\d+) is not pointing to valid bpf_map$/, (_c, m) => ({ title: "The map does not exist", reason: `The instruction names a map by file descriptor ${m[1]}, and there is none: the loader did not put a map's descriptor there.`, fixes: ["Declare the map in SEC(\".maps\") and use it by its name, so that the loader fills it in"] })),
  family("map-fd", "check_and_resolve_insns", /^invalid access to map value pointer, value_size=(\d+) off=(\d+)$/, (_c, m) => ({ title: "The address lies outside of the map's value", reason: `The instruction takes the address at offset ${m[2]} of a value of ${m[1]} bytes.`, fixes: [`Use an offset below ${m[1]}`] })),
  family("map-fd", "check_map_prog_compatibility", /^Sleepable programs can only use (.*) maps$/, (_c, m) => ({ title: "Sleepable programs cannot use this kind of map", reason: `In this kernel a sleepable program can use ${m[1]} maps only.`, fixes: ["Use one of those kinds", "Or make the program not sleepable: a section without `.s`"] })),
  fixed("map-fd", "check_map_prog_compatibility", /^(?:only one cgroup storage of each type is allowed|Only one arena per program|program's hash doesn't match map's excl_prog_hash|bpf_struct_ops map cannot be used in prog|offload device mismatch.*|arena's user address .*|The total number of maps .*)$/, "The maps of the program do not go together", "One of its maps cannot be used by this program, or not beside another.", "Use one such map, and the kind made for this program"),
  fixed("tail-call", "check_helper_call", /^(?:cannot tail call within callback|tail_calls? (?:is|are) not allowed in .*)$/, "No tail call from here", "A callback (or a function without BTF) must return to its caller.", "Return a value from the callback and make the tail call in the main program"),
  family("program-limit", "bpf_check", /^(?:func#\d+ .*|too many .*|The total number of .* limit.*)$/, (c) => ({ title: "A limit of the kernel", reason: `${c.message}.`, fixes: [`Use fewer: ${plural(1, "part")} of the program at a time`] })),
];
