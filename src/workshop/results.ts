import { err, ok, type Result } from "../base/result.ts";
import { importProgress, readResultLine, stepProgress, type ResultRow } from "./progress.ts";
import type { Workshop } from "./types.ts";

/** One attendee in the presenter's table. */
export interface Attendee extends ResultRow {
  /** progress files bring the attendee's own texts along, by step; lines do not */
  files: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
export interface Collected {
  rows: readonly Attendee[];
  /** what could not be read, one sentence each */
  problems: readonly string[];
}

export const nothingCollected: Collected = { rows: [], problems: [] };
const MAX_ROWS = 2000;
const MAX_PROBLEMS = 20;

/** Adds pasted text: result lines with anything between them (chat exports put names and times before a line). */
export function addLines(before: Collected, text: string, workshop: Workshop): Collected {
  const lines = text.slice(0, 2_000_000).split("\n").flatMap((line) => {
    const at = line.indexOf("bpfws1 ");
    return at < 0 ? [] : [line.slice(at).trim()];
  });
  if (lines.length === 0) return text.trim() === "" ? before : withProblem(before, "There is no result line in that text: such a line begins with bpfws1.");
  return lines.reduce((all, line) => add(all, rowOf(line, workshop), `${line.slice(0, 60)}…`), before);
}

/** Adds a dropped file: a progress file, or a text of result lines. */
export function addFile(before: Collected, name: string, text: string, workshop: Workshop): Collected {
  if (!text.trimStart().startsWith("{")) return addLines(before, text, workshop);
  const progress = importProgress(text, workshop);
  if (!progress.ok) return withProblem(before, `${name}: ${progress.error}.`);
  const steps = workshop.steps.map((s) => stepProgress(progress.value, s.id));
  return add(before, ok({
    attendee: progress.value.attendee,
    steps: steps.map(({ passed, attempts, seconds }) => ({ passed, attempts, seconds: Math.round(seconds) })),
    files: Object.fromEntries(workshop.steps.flatMap((s, i) => (steps[i]?.files ? [[s.id, steps[i].files]] : []))),
  }), name);
}

export function removeRow(before: Collected, index: number): Collected {
  return { ...before, rows: before.rows.filter((_, i) => i !== index) };
}

function rowOf(line: string, workshop: Workshop): Result<Attendee, string> {
  const row = readResultLine(line, workshop);
  return row.ok ? ok({ ...row.value, files: {} }) : row;
}

/** A second result of the same name replaces the first; those without a name stay apart unless they are equal. */
function add(before: Collected, row: Result<Attendee, string>, what: string): Collected {
  if (!row.ok) return withProblem(before, `${what} ${row.error}.`);
  const same = (other: Attendee): boolean =>
    row.value.attendee === "" ? other.attendee === "" && JSON.stringify(other.steps) === JSON.stringify(row.value.steps) : fold(other.attendee) === fold(row.value.attendee);
  const at = before.rows.findIndex(same);
  if (at >= 0) {
    const old = before.rows[at];
    const files = { ...old?.files, ...row.value.files };
    return { ...before, rows: before.rows.map((r, i) => (i === at ? { ...row.value, files } : r)) };
  }
  return before.rows.length >= MAX_ROWS ? withProblem(before, `More than ${MAX_ROWS} results are not taken.`) : { ...before, rows: [...before.rows, row.value] };
}

const fold = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, " ");

function withProblem(before: Collected, problem: string): Collected {
  return { ...before, problems: [...before.problems.filter((p) => p !== problem), problem].slice(-MAX_PROBLEMS) };
}

/** How many passed each step, in the workshop's order. */
export function passedCounts(collected: Collected, workshop: Workshop): number[] {
  return workshop.steps.map((_, i) => collected.rows.filter((row) => row.steps[i]?.passed).length);
}

/** A table for a spreadsheet: a line an attendee; each step's state, attempts and minutes. Names that a spreadsheet would compute stay text. */
export function toCsv(collected: Collected, workshop: Workshop): string {
  const head = ["Name", "Passed", ...workshop.steps.flatMap((s) => [s.title, `${s.title}: attempts`, `${s.title}: minutes`])];
  const lines = collected.rows.map((row) => [
    row.attendee, String(row.steps.filter((s) => s.passed).length),
    ...row.steps.flatMap((s) => [s.passed ? "passed" : s.attempts > 0 ? "tried" : "", String(s.attempts), (s.seconds / 60).toFixed(1)]),
  ]);
  return [head, ...lines].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Where a room opens the workshop: the page's address with as little behind it as will do. An error says why there is no such address. */
export function roomLink(page: string, source: { kind: "own"; id: string } | { kind: "url"; url: string } | { kind: "local" }): Result<string, string> {
  const base = page.replace(/[?#].*$/, "").replace(/index\.html$/, "");
  switch (source.kind) {
    case "own":
      return ok(`${base}#w=${source.id}`);
    case "url":
      return ok(`${base}?workshop=${encodeURIComponent(source.url)}`);
    case "local":
      return err("This workshop was opened from a file, so no link leads to it. Put it on a web server, or give the room the offline zip.");
  }
}
