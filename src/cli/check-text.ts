import { explanationText } from "../kernel/api-explain.ts";
import type { SourcePos } from "../loader/types.ts";
import type { SourceExpression } from "../verifier/types.ts";
import { columnOf } from "./check-row.ts";
import type { CheckRow } from "./check-row.ts";
import { explanationLines, wrap } from "./check-explain.ts";
import { printDifference } from "./difference.ts";
import { printHot } from "./hot.ts";
import { paint, table } from "./output.ts";
import { printStates } from "./states.ts";
import type { Colour, Output } from "./output.ts";

const MARKS: Readonly<Record<CheckRow["verdict"], { mark: string; colour: Colour }>> = {
  accepted: { mark: "✓", colour: "green" },
  rejected: { mark: "✗", colour: "red" },
  unsupported: { mark: "?", colour: "yellow" },
};

/** Prints a file's rows for people: one kernel as a list, several as a matrix with the causes below it. */
export function printRows(file: string, rows: readonly CheckRow[], columns: readonly string[], out: Output): void {
  const on = columns.length === 1 ? ` on ${columns[0]}` : "";
  out.line(`${paint(out, "bold", file)}${on}`);
  if (rows.length === 0) out.line("  no programs");
  else if (columns.length === 1) printList(rows, out);
  else printMatrix(rows, columns, out);
  out.line("");
}

function printList(rows: readonly CheckRow[], out: Output): void {
  const width = Math.max(...rows.map((r) => nameOf(r).length));
  for (const row of rows) {
    const { mark, colour } = MARKS[row.verdict];
    const figures = row.verdict === "accepted" ? `${row.insns ?? 0} insns  ${row.states ?? 0} states  ${row.ms.toFixed(1)} ms` : row.stage;
    out.line(`  ${paint(out, colour, mark)} ${nameOf(row).padEnd(width)}  ${paint(out, colour, row.verdict)}  ${paint(out, "grey", figures)}`);
    if (row.verdict !== "accepted") for (const line of causeLines(row, out)) out.line(`      ${line}`);
    for (const line of changeLines([row])) out.line(`      ${paint(out, "yellow", line)}`);
    for (const warning of row.warnings) out.line(`      ${paint(out, "yellow", `warning: ${warning}`)}`);
    if (row.hot && row.hot.length > 0) printHot(row.hot, out);
    if (row.insnStates) printStates(row.insnStates, row.texts ?? new Map(), out);
    if (row.log !== undefined && row.log !== "") for (const line of row.log.trimEnd().split("\n")) out.line(`      ${paint(out, "grey", line)}`);
  }
}

/** A file that did not get so far as to have programs has one row for all of them. */
function nameOf(row: CheckRow): string {
  return row.program === "" ? "(all programs)" : row.program;
}

function printMatrix(rows: readonly CheckRow[], kernels: readonly string[], out: Output): void {
  const programs = [...new Set(rows.map((r) => r.program))];
  const at = (program: string, kernel: string): CheckRow | undefined => rows.find((r) => r.program === program && columnOf(r) === kernel);
  const cells = programs.map((program) => [
    `  ${program || "(all programs)"}`,
    ...kernels.map((kernel) => {
      const row = at(program, kernel);
      if (!row) return paint(out, "grey", "·");
      const warned = row.verdict === "accepted" && row.warnings.length > 0;
      return paint(out, warned ? "yellow" : MARKS[row.verdict].colour, warned ? "!" : MARKS[row.verdict].mark);
    }),
  ]);
  for (const line of table([["", ...kernels], ...cells])) out.line(line);
  for (const program of programs) {
    const own = kernels.map((k) => at(program, k)).filter((r) => r !== undefined);
    out.line("");
    out.line(`  ${paint(out, "bold", program || "(all programs)")}: ${minimumText(own.map((r) => ({ kernel: columnOf(r), verdict: r.verdict })), own.some((r) => r.lab !== null))}`);
    for (const group of causes(own)) {
      const row = group[0]!;
      const on = group.map(columnOf).join(", ");
      out.line(`    ${paint(out, MARKS[row.verdict].colour, on)}  ${paint(out, "grey", row.verdict === "unsupported" ? "unsupported" : row.stage)}`);
      for (const line of causeLines(row, out)) out.line(`      ${line}`);
    }
    for (const warning of new Set(own.flatMap((r) => r.warnings))) {
      out.line(`    ${paint(out, "yellow", `warning on ${own.filter((r) => r.warnings.includes(warning)).map(columnOf).join(", ")}: ${warning}`)}`);
    }
    for (const line of changeLines(own)) out.line(`    ${paint(out, "yellow", line)}`);
    for (const row of own) if (row.difference) printDifference(row.difference, out);
    for (const row of own) {
      if (!row.hot || row.hot.length === 0) continue;
      out.line(`    ${columnOf(row)}  ${paint(out, "grey", `${row.insns ?? 0} insns processed`)}`);
      printHot(row.hot, out);
    }
  }
}

/** What of a custom kernel's changes the programs meet, each once, besides what warnings and refusals say anyway. */
function changeLines(rows: readonly CheckRow[]): string[] {
  const lines = new Map<string, string[]>();
  for (const row of rows) {
    for (const use of row.changes) {
      if (use.what === "removed" && (use.kind === "kfunc" || use.kind === "helper")) continue;
      const days = use.removal ? `${use.name} goes away in ${use.removal.release}: ${daysText(use.removal)}` : null;
      const text = use.what === "deprecated" ? days : use.text;
      if (text !== null) lines.set(text, [...(lines.get(text) ?? []), columnOf(row)]);
    }
  }
  const one = rows.length === 1;
  return [...lines].map(([text, on]) => (one ? `custom kernel: ${text}` : `${on.join(", ")}: ${text}`));
}

function daysText({ date, how, daysLeft }: NonNullable<CheckRow["changes"][number]["removal"]>): string {
  const when = how === "projected" ? `about ${date}, projected` : date;
  return daysLeft >= 0 ? `${daysLeft} days left (${when})` : `${-daysLeft} days ago (${when})`;
}

/** Refusals with the same cause together, in the order of the kernels. */
function causes(rows: readonly CheckRow[]): CheckRow[][] {
  const groups = new Map<string, CheckRow[]>();
  for (const row of rows) {
    if (row.verdict === "accepted") continue;
    const key = `${row.verdict}\n${row.stage}\n${row.message}\n${row.api ? explanationText(row.api) : ""}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** Which kernels take the program: "minimum kernel 6.12", "accepted by all, from 5.10 on", "accepted from 6.12 to 7.2" … Kernels without a verdict are named apart. */
export function minimumText(all: readonly Pick<CheckRow, "kernel" | "verdict">[], unordered = false): string {
  const rows = all.filter((r) => r.verdict !== "unsupported");
  const open = all.filter((r) => r.verdict === "unsupported").map((r) => r.kernel);
  if (rows.length === 0) return `no verdict (unsupported on ${open.join(", ")})`;
  const accepted = unordered ? listText(rows) : acceptedText(rows);
  return open.length === 0 ? accepted : `${accepted}; no verdict on ${open.join(", ")}`;
}

/** Custom kernels stand in no order of age. */
function listText(rows: readonly Pick<CheckRow, "kernel" | "verdict">[]): string {
  const good = rows.filter((r) => r.verdict === "accepted").map((r) => r.kernel);
  return good.length === 0 ? "accepted by none of them" : good.length === rows.length ? "accepted by all of them" : `accepted by ${good.join(", ")}`;
}

function acceptedText(rows: readonly Pick<CheckRow, "kernel" | "verdict">[]): string {
  const good = rows.map((r) => r.verdict === "accepted");
  const count = good.filter(Boolean).length;
  if (count === 0) return "accepted by none of them";
  const first = good.indexOf(true);
  const last = good.lastIndexOf(true);
  const from = rows[first]!.kernel;
  const to = rows[last]!.kernel;
  if (count === rows.length) return rows.length === 1 ? `accepted by ${from}` : `accepted by all, from ${from} on`;
  if (!good.slice(first, last + 1).every(Boolean)) return `accepted by ${rows.filter((_, i) => good[i]).map((r) => r.kernel).join(", ")} only`;
  if (last === rows.length - 1) return `minimum kernel ${from}`;
  if (first === last) return `accepted by ${from} only`;
  return first === 0 ? `accepted up to ${to}, not after` : `accepted from ${from} to ${to}`;
}

/** Why a program was refused: the message, its place in the C source with a caret, and what helps. */
function causeLines(row: CheckRow, out: Output): string[] {
  const lines = row.message.split("\n").map((line) => paint(out, MARKS[row.verdict].colour, line));
  if (row.note !== undefined) lines.push(...row.note.split("\n").map((line) => paint(out, row.stage === "compile" ? "cyan" : MARKS[row.verdict].colour, line)));
  if (row.source) lines.push(...sourceLines(row.source, row.explanation?.expression, out));
  if (row.api) lines.push(...row.api.sentences.map((s) => paint(out, "cyan", s)), ...row.api.fixes.map((f) => paint(out, "green", `fix: ${f.title}`)));
  if (row.help) lines.push(...wrap(row.help.reason, out.width - 8), ...row.help.fixes.flatMap((fix) => wrap(`fix: ${fix}`, out.width - 13).map((line, i) => paint(out, "green", i === 0 ? line : `     ${line}`))));
  if (row.explanation && !row.api) lines.push(...explanationLines(row.explanation, row.message, out));
  return lines;
}

function sourceLines(source: SourcePos, expression: SourceExpression | undefined, out: Output): string[] {
  const place = `${source.file}:${source.line}${source.col > 0 ? `:${source.col}` : ""}`;
  const text = source.text.replace(/\t/g, " ").trimEnd();
  if (text.trim() === "") return [paint(out, "grey", place)];
  const indent = text.length - text.trimStart().length;
  if (expression && text.slice(expression.col - 1, expression.endCol - 1) === expression.text.replace(/\t/g, " ")) {
    return [paint(out, "grey", place), `  ${text}`, `  ${" ".repeat(expression.col - 1)}${paint(out, "red", `^${"~".repeat(expression.endCol - expression.col - 1)}`)}`];
  }
  // The kernel's records hold the line without its indent; clang's hold it as written. The column counts the indent.
  const caret = Math.min(Math.max(source.col - 1, 0), Math.max(text.length - 1, 0));
  return source.col > 0 && caret >= indent
    ? [paint(out, "grey", place), `  ${text}`, `  ${" ".repeat(caret)}${paint(out, "red", "^")}`]
    : [paint(out, "grey", place), `  ${text}`, `  ${" ".repeat(indent)}${paint(out, "red", "^")}`];
}
