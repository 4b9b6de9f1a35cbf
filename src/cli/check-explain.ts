import type { Explanation, PathStep } from "../verifier/types.ts";
import { paint } from "./output.ts";
import type { Output } from "./output.ts";

/** Steps of the way that are printed; `--json` has them all. */
const STEPS = 8;

/** An explanation for people, below the message and its line: why, what was looked at, the way, what would help. */
export function explanationLines(e: Explanation, message: string, out: Output): string[] {
  const lines: string[] = [];
  if (e.family !== "other" && !message.includes(e.reason)) {
    lines.push(paint(out, "cyan", e.title), ...wrap(e.reason, out.width - 8));
    if (e.check !== "") lines.push(paint(out, "grey", `refused by ${e.check}()${e.insnText === "" ? "" : `, instruction ${e.insn}: ${e.insnText}`}`));
  }
  for (const o of e.operands) {
    const origin = o.origin ? `, ${place(o.origin.insn, o.origin.source)}: ${o.origin.text}` : "";
    lines.push(`${paint(out, "bold", o.name)} = ${o.text}${o.means !== o.name && !o.origin ? `, ${o.means}` : ""}${paint(out, "grey", origin)}`);
  }
  for (const r of e.related) lines.push(paint(out, "grey", `${place(r.insn, r.source)}: ${r.text}`));
  const steps = e.path.slice(-STEPS);
  if (steps.length > 0) lines.push(`the way there (${e.branches} ${e.branches === 1 ? "branch" : "branches"}${e.path.length > steps.length ? `, the last ${steps.length} steps` : ""}):`);
  for (const step of steps) lines.push(...stepLines(step, out));
  lines.push(...e.fixes.flatMap((fix) => wrap(`fix: ${fix}`, out.width - 13).map((line, i) => paint(out, "green", i === 0 ? line : `     ${line}`))));
  return lines;
}
function place(insn: number, source: { line: number } | undefined): string {
  return source && source.line > 0 ? `line ${source.line}` : `instruction ${insn}`;
}
function stepLines(step: PathStep, out: Output): string[] {
  const at = place(step.insn, step.source);
  if (step.kind === "left out") return [paint(out, "grey", `  ${step.text}`)];
  const learnt = step.values.filter((v) => v.before !== v.after).map((v) => `${v.name}: ${v.before} → ${v.after}`);
  return [`  ${at}: ${step.text}`, ...learnt.map((text) => paint(out, "grey", `      ${text}`))];
}
/** Breaks at spaces; `width` at least 40. */
export function wrap(text: string, width: number): string[] {
  const most = Math.max(width, 40);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > most) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
