import type { Diagnostic } from "../compiler/types.ts";
import { explanationText } from "../kernel/api-explain.ts";
import type { ApiExplanation } from "../kernel/api-types.ts";
import type { SourcePos } from "../loader/types.ts";
import type { HotLine } from "../session/hot-lines.ts";
import type { Explanation, InsnStates } from "../verifier/types.ts";
import type { ProgramVerdict } from "../workers/kernel-api.ts";
import type { LabUse } from "../workers/lab-api.ts";
import { differenceJson } from "./difference.ts";
import type { RowDifference } from "./difference.ts";
import { hotJson } from "./hot.ts";
import type { OpenedInput } from "./objects.ts";
import type { SourceTree } from "./sources.ts";

/** One answer of `check`: a program on a kernel. What `--json` prints, and what the text for people is made from. */
export interface CheckRow {
  file: string;
  program: string;
  kernel: string;
  lab: string | null;
  verdict: "accepted" | "rejected" | "unsupported";
  stage: "compile" | "open" | "relocate" | "resolve" | "verify";
  message: string;
  /** what libbpf adds to the log about the refused instruction; for a compile error, which kernels have the types that this one lacks */
  note?: string;
  errno?: string;
  insns?: number;
  states?: number;
  insn?: number;
  source?: SourcePos;
  api?: ApiExplanation;
  report?: string;
  explanation?: Explanation;
  /** refused before the verifier: why in plain words, and what to change */
  help?: ProgramVerdict["help"];
  warnings: readonly string[];
  /** of the custom kernel's changes, those the program meets */
  changes: readonly LabUse[];
  log?: string;
  /** with --hot: the most expensive lines, none where the verifier was not reached */
  hot?: readonly HotLine[];
  /** with --difference: what makes the two kernels differ, on the newer one's row */
  difference?: RowDifference;
  /** with --states */
  insnStates?: readonly InsnStates[];
  /** the instructions' texts, for printing states */
  texts?: ReadonlyMap<number, string>;
  ms: number;
}

/** A place as a user names it: clang writes "./a.c" for a file in the folder it ran in. */
function named(source: SourcePos): SourcePos {
  return { file: source.file.replace(/^\.\//, ""), line: source.line, col: source.col, text: source.text };
}

function namedExplanation(explanation: Explanation): Explanation {
  const at = <T extends { source?: SourcePos }>(item: T): T => (item.source ? { ...item, source: named(item.source) } : item);
  return { ...at(explanation), path: explanation.path.map(at), related: explanation.related.map(at), operands: explanation.operands.map((o) => (o.origin ? { ...o, origin: at(o.origin) } : o)) };
}

/** The row of a program that got as far as the loader. */
export function verdictRow(file: string, lab: string | null, verdict: ProgramVerdict, logLevel: number): CheckRow {
  const { verify, load } = verdict;
  const stopped = verdict.verdict === "stopped";
  const log = logLevel > 0 ? (verify?.log ?? load?.log.join("\n") ?? "") : undefined;
  return {
    file, program: verdict.program, kernel: verdict.kernel, lab,
    verdict: verdict.verdict === "stopped" ? "unsupported" : verdict.verdict,
    stage: verdict.stage,
    message: stopped ? "stopped before there was a verdict" : verdict.message,
    note: verdict.note, errno: verify?.errno ?? load?.errno,
    insns: verify?.stats.insns, states: verify?.stats.totalStates,
    insn: verdict.insn, source: verdict.source && named(verdict.source), api: verdict.api, report: verify?.report, explanation: verify?.explanation && namedExplanation(verify.explanation),
    help: verdict.help, warnings: verdict.warnings ?? [], changes: verdict.lab?.uses ?? [], log, ms: verdict.ms,
  };
}

/** The row of a program whose file did not get that far on this kernel. */
export function failedRow(file: string, program: string, kernel: string, lab: string | null, input: Exclude<OpenedInput, { kind: "open" }>): CheckRow {
  const base = { file, program, kernel, lab, warnings: [], changes: [], ms: 0 };
  switch (input.kind) {
    case "compile error": {
      const first = input.compiled.diagnostics.find((d) => d.severity === "error");
      const message = first?.message ?? input.compiled.stderr.trim().split("\n")[0] ?? "did not compile";
      return { ...base, verdict: "rejected", stage: "compile", message, source: first && sourceOf(first, input.sources), ms: input.compiled.ms, ...hintsOf(input.compiled.diagnostics) };
    }
    case "no compile":
      return { ...base, verdict: "rejected", stage: "compile", message: input.message };
    case "refused":
      return { ...base, verdict: input.error.verdict, stage: "open", message: input.error.message, errno: input.error.errno, source: input.error.source && named(input.error.source) };
  }
}

/** What is said about types that the kernel lacks, each once. */
function hintsOf(diagnostics: readonly Diagnostic[]): Pick<CheckRow, "note"> {
  const hints = [...new Set(diagnostics.flatMap((d) => d.hint ?? []))].slice(0, 4);
  return hints.length > 0 ? { note: hints.join("\n") } : {};
}
function sourceOf(diagnostic: Diagnostic, sources: SourceTree): SourcePos | undefined {
  if (diagnostic.file === "") return undefined;
  const text = Object.hasOwn(sources.files, diagnostic.file) ? (sources.files[diagnostic.file]!.split("\n")[diagnostic.line - 1] ?? "") : "";
  return { file: diagnostic.file, line: diagnostic.line, col: diagnostic.col, text };
}

/** The kernel a row is about, as tables head it: "7.2", "7.2+NAME". */
export function columnOf(row: Pick<CheckRow, "kernel" | "lab">): string {
  return row.lab === null ? row.kernel : `${row.kernel}+${row.lab}`;
}

function changeJson(use: LabUse): object {
  return {
    name: use.name, kind: use.kind, what: use.what, text: use.text, replacement: use.replacement,
    ...(use.removal ? { removed_in: use.removal.release, removal_date: use.removal.date, removal_date_is: use.removal.how, days_left: use.removal.daysLeft } : {}),
    ...(use.sites.length > 0 ? { insns: use.sites.map((s) => s.insn) } : {}),
  };
}

/** The contract's JSON: fields without a value are left out. */
export function rowJson(row: CheckRow): string {
  const { api, source } = row;
  const optional = Object.entries({
    note: row.note, errno: row.errno, insns: row.insns, states: row.states, insn: row.insn,
    source,
    api: api && { name: api.name, kind: api.kind, status: api.status, since: api.since, until: api.until, replacement: api.replacement, explanation: explanationText(api) },
    report: row.report, explanation: row.explanation, help: row.help, lab: row.lab ?? undefined, warnings: row.warnings.length > 0 ? row.warnings : undefined, insn_states: row.insnStates, hot: row.hot?.map(hotJson), difference: row.difference && differenceJson(row.difference),
    changes: row.changes.length > 0 ? row.changes.map(changeJson) : undefined, log: row.log,
  }).filter(([, value]) => value !== undefined);
  return JSON.stringify({
    schema: 1, file: row.file, program: row.program, kernel: row.kernel, verdict: row.verdict, stage: row.stage, message: row.message,
    ...Object.fromEntries(optional), ms: Math.round(row.ms * 10) / 10,
  });
}
