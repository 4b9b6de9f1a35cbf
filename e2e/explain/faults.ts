/** What must hold of every explanation, whatever it says: checked on every program that the tests compile or compare. */
import { bpfClass, bpfMode, BPF_ATOMIC, BPF_LD, BPF_ST, OP_CALL, OP_EXIT, OP_LD_IMM64 } from "../../src/isa/table.ts";
import type { Insn } from "../../src/isa/types.ts";
import type { BoundProgram } from "../../src/loader/types.ts";
import type { Explanation } from "../../src/verifier/types.ts";

/** Registers that an instruction reads or writes, as far as an explanation may name them. */
function usedBy(insn: Insn): ReadonlySet<number> {
  if (insn.code === OP_CALL) return new Set([0, 1, 2, 3, 4, 5]);
  if (insn.code === OP_EXIT) return new Set([0]);
  if (insn.code === OP_LD_IMM64) return new Set([insn.dst]);
  const cls = bpfClass(insn.code);
  if (cls === BPF_LD) return new Set([0, 6, insn.src]);
  const atomic = cls === 3 && bpfMode(insn.code) === BPF_ATOMIC;
  return new Set(cls === BPF_ST ? [insn.dst] : atomic ? [0, insn.dst, insn.src] : [insn.dst, insn.src]);
}
/** Line of the record that covers an instruction. */
function lineOf(program: BoundProgram, insn: number): number | undefined {
  return program.lineInfo.findLast((l) => l.insn <= insn)?.line;
}
const WRONG_TEXT: readonly [RegExp, string][] = [
  [/(?<!be )\bundefined\b(?! behaviour)|\bNaN\b|\[object |%[A-Z]+%/, "a value that is none"],
  [/[Tt]he (?:call|kfunc|helper)\(\)/, "a call without a name"],
  [/\(\)\(\)|  |\.\.(?!\.)|,,|(?<![\w…>)])\(\s*\)/, "a slip of the pen"],
  [/\b(?:a|an) (?:an?|the) /, "two articles"],
];
function textFaults(what: string, text: string, ends: RegExp): string[] {
  const out: string[] = [];
  if (text.trim() === "") out.push(`${what} is empty`);
  // what stands in quotes or backticks is the program's or the kernel's, not ours
  const ours = text.replace(/`[^`]*`/g, "``").replace(/"[^"]*"/g, '""');
  for (const [pattern, fault] of WRONG_TEXT) if (pattern.test(ours)) out.push(`${what} has ${fault}: ${text}`);
  if ((text.match(/`/g)?.length ?? 0) % 2 !== 0) out.push(`${what} has an odd backtick: ${text}`);
  if (!ends.test(text)) out.push(`${what} ends oddly: ${text}`);
  return out;
}

/** @returns what is wrong with an explanation; empty where nothing is */
export function faultsOf(e: Explanation, program: BoundProgram): string[] {
  const out: string[] = [];
  if (e.family === "other") return out;
  out.push(...textFaults("title", e.title, /[^.:;,\s]$/), ...textFaults("reason", e.reason, /[.…]$/));
  if (e.fixes.length === 0) out.push("no way out is given");
  if (/^Or\b/.test(e.fixes[0] ?? "")) out.push(`the first fix begins with Or: ${e.fixes[0]}`);
  if (new Set(e.fixes).size !== e.fixes.length) out.push(`a fix is given twice: ${e.fixes.join(" | ")}`);
  for (const fix of e.fixes) out.push(...textFaults("fix", fix, /[^.:;,\s]$|…$/));
  for (const r of e.related) out.push(...textFaults("related", r.text, /[^.:;,\s]$/));
  const insn = program.insns[e.insn];
  if (!insn) return [...out, `there is no instruction ${e.insn}`];
  if (e.insnText !== "") {
    const used = usedBy(insn);
    for (const o of e.operands) if (!used.has(Number(o.name.slice(1)))) out.push(`${o.name} is none of the registers of ${e.insnText}`);
  }
  const hidden = program.unseenLineInfo !== undefined;
  for (const place of [e, ...e.related, ...e.path]) {
    if (!program.insns[place.insn]) out.push(`there is no instruction ${place.insn}`);
    if (!hidden && place.source && place.source.line !== lineOf(program, place.insn)) out.push(`instruction ${place.insn} is said to be of line ${place.source.line}, not ${lineOf(program, place.insn)}`);
  }
  const { source, expression } = e;
  if (source && expression && source.text.slice(expression.col - 1, expression.endCol - 1) !== expression.text) out.push(`the mark is beside its expression: ${expression.text}`);
  for (const step of e.path) if (step.kind === "branch" && (step.values.length === 0 || !step.condition)) out.push(`the branch at ${step.insn} says nothing`);
  return out;
}
