/**
 * The report that 7.3 prints below the message: what is wrong in a few words, why, where in the source and the code, and what
 * would help (kernel diagnostics.c).
 */
import type { Env } from "../state/env.ts";
import { isKfuncCall, isLdImm64 } from "../passes/insn-info.ts";
import { printCausalPath } from "./causal-path.ts";
import { findLineInfo } from "./log.ts";
import { type Report, RULES } from "./structured-rules.ts";

const LOCK_NAMES: Readonly<Record<string, string>> = { lock: "bpf_spin_lock", res_lock: "resource spin lock", res_lock_irq: "IRQ-saving resource spin lock" };
const WIDTH = 100, LANE = 88, AROUND = 2, TAB = 8;

/** The report that goes with the message the walk ended with; undefined where the kernel files none. */
export function structuredReport(env: Env): Report | undefined {
  if (!env.f.structured_errors) return undefined;
  const [before = "", message = ""] = ["", ...env.log.lastLines(2)].slice(-2);
  return reportFor(env, message, before);
}
function reportFor(env: Env, message: string, before: string): Report | undefined {
  for (const rule of RULES) {
    const m = rule.test.exec(message);
    if (m && (!rule.marked || env.log.frozen >= 0 || isKfuncCall(env.insn))) return { insn: env.insnIdx, ...rule.make(env, { groups: m.slice(1), before }) };
  }
  return undefined;
}
/** What is said after the first report may be followed by others: a call's complaint about its argument, one reference after another. */
function withLaterReports(env: Env, text: string): string {
  let before = "", out = "";
  for (const line of text.split(/(?<=\n)/)) {
    const message = line.trimEnd();
    const report = reportFor(env, message, before);
    out += line + (report ? printReport(env, report) : "");
    before = message;
  }
  return out;
}
/** `Memory Safety: Access outside bounds` */
export const reportTitle = (r: Report): string => `${r.category}: ${r.problem[0]!.toUpperCase()}${r.problem.slice(1)}`;

/** Lines of at most 100 characters, broken at spaces. */
function wrapped(text: string, first: string, next: string): string {
  let out = "", prefix = first, rest = text;
  while (rest.length > 0) {
    const width = Math.max(WIDTH - prefix.length, 1);
    let n = Math.min(rest.length, width);
    if (n < rest.length && rest[n] !== " ") {
      const space = rest.lastIndexOf(" ", n - 1);
      if (space > 0) n = space;
    }
    out += `${prefix}${rest.slice(0, n)}\n`;
    rest = rest.slice(n).replace(/^ +/, "");
    prefix = next;
  }
  return out;
}
function expandTabs(line: string): string {
  let out = "";
  for (const c of line) out += c === "\t" ? " ".repeat(TAB - (out.length % TAB)) : c;
  return out;
}
function lane(prefix: string, width: number, line: number, text: string | undefined): string {
  const head = `${prefix}${String(line).padStart(width)} | `;
  const room = LANE - head.length;
  const source = text === undefined ? "..." : expandTabs(text);
  return head + (source.length > room ? `${source.slice(0, Math.max(room - 3, 0))}...` : source);
}
/** `^-- error: …`, or another label and remark, under a source line, or under nothing. */
function annotation(width: number, indent0: number, text: string): string {
  const indent = Math.min(indent0, Math.max(0, LANE - width - 8));
  const bar = `  ${" ".repeat(width + 4)} | ${" ".repeat(indent)}`;
  return wrapped(text, `${bar}^-- `, `${bar}    `);
}
function instructions(env: Env, at: number): string {
  const width = String(Math.max(env.insns.length - 1, 0)).length;
  let out = "  Instruction context:\n";
  for (let i = at - AROUND; i <= at + AROUND; i++) {
    if (i < 0 || i >= env.insns.length || (i > 0 && isLdImm64(env.insns[i - 1]!))) continue;
    out += `  ${i === at ? ">>> " : "    "}${String(i).padStart(width)} | ${env.log.insnText(i)}\n`;
  }
  return out;
}
/** Where an instruction stands in the source and the code, with a remark under its line. */
function place(env: Env, insn: number, remark: string, early = false): string {
  const info = early ? undefined : findLineInfo(env, insn);
  if (!info?.file) return `  insn ${insn}\n${annotation(0, 0, remark)}${instructions(env, insn)}`;
  const sub = env.findContainingSubprog(insn);
  const name = env.subprogs[sub]?.name;
  const where = `${info.file.slice(info.file.lastIndexOf("/") + 1)}:${info.line}:${info.col}`;
  let out = name ? `  ${name} @ ${where}\n` : `  ${where}\n`;
  if (!info.text) return `${out}${annotation(0, 0, remark)}${instructions(env, insn)}`;
  const from = env.subprogs[sub]?.start ?? 0, to = env.subprogs[sub + 1]?.start ?? env.insns.length;
  const texts = new Map<number, string>();
  for (const l of env.prog.lineInfo) if (l.insn >= from && l.insn < to && l.file === info.file && l.text && !texts.has(l.line)) texts.set(l.line, l.text);
  const width = String(info.line + AROUND).length;
  out += "  Source context:\n";
  for (let line = info.line - AROUND; line <= info.line + AROUND; line++) {
    out += `  ${line > 0 ? lane(line === info.line ? ">>> " : "    ", width, line, texts.get(line)) : ""}\n`;
    if (line === info.line) out += annotation(width, expandTabs(info.text).search(/\S|$/), remark);
  }
  return out + instructions(env, insn);
}
/** The report as text, with the blank line that parts it from the message. */
export function printReport(env: Env, r: Report): string {
  const indent = (text: string): string => wrapped(text, "  ", "  ");
  const lock = r.lock ? `\nActive lock:\n${place(env, r.lock.insnIdx, `acquired: active ${LOCK_NAMES[r.lock.type] ?? "lock"} has verifier identity ${r.lock.id}`)}` : "";
  const path = r.cause ? printCausalPath(env, r.cause, (insn, label, text) => place(env, insn, `${label}: ${text}`)) : "";
  return `\nVerification failed: ${reportTitle(r)}\n\nReason:\n${indent(r.reason)}\nAt:\n${place(env, r.insn, `error: ${r.at}`, r.early)}${lock}${path}\nSuggestion:\n${indent(r.suggestion)}\n`;
}
/** The log with the report where the kernel puts it: behind the message, before what else is said. */
export function withReport(env: Env, report: Report | undefined): string {
  const text = env.log.text();
  if (!report) return text;
  const at = env.log.frozen < 0 ? text.length : Math.max(env.log.frozen - env.log.dropped, 0);
  return text.slice(0, at) + printReport(env, report) + withLaterReports(env, text.slice(at));
}
