/**
 * A workshop: a folder of Markdown steps, starter and solution files, a kernel or overlay, inputs, and declarative checks.
 * The format is described in src/workshop/README.md; everything here is plain data that crosses workers and files.
 */
export interface Workshop {
  schema: 1;
  /** letters, digits and dashes; names the progress store and links */
  id: string;
  title: string;
  summary: string;
  /** for the whole workshop, as planned by its author */
  minutes: number;
  language: string;
  authors: readonly string[];
  license: string;
  steps: readonly WorkshopStep[];
}

export interface WorkshopStep {
  /** folder name: "01-hello" */
  id: string;
  title: string;
  minutes: number;
  /** Markdown text shown beside the editor */
  text: string;
  /** Markdown only the presenter sees */
  notes: string;
  kernel: string;
  /** JSON text of an overlay, or null */
  overlay: string | null;
  flags: { opt: "-O0" | "-O1" | "-O2" | "-Os"; debug: boolean; mcpu: "v1" | "v2" | "v3" | "v4" };
  /** program that runs, and that checks without a `program` are about; null: the only one */
  program: string | null;
  input: StepInput | null;
  starter: Readonly<Record<string, string>>;
  solution: Readonly<Record<string, string>>;
  checks: readonly Check[];
  hints: readonly string[];
}

/** Input of a run: a named packet preset, hexadecimal bytes, a context, initial map contents. */
export interface StepInput {
  preset: string | null;
  dataIn: string | null;
  ctxIn: string | null;
  repeat: number;
  maps: Readonly<Record<string, readonly { key: string; value: string }[]>>;
}

interface CheckBase {
  /** what the attendee reads: "6.12 accepts it" */
  title: string;
  /** null: the step's program */
  program: string | null;
}
export type Check = CheckBase &
  (
    | { kind: "verdict"; verdict: "accepted" | "rejected"; kernels: readonly string[]; stage: string | null; message: string | null }
    | { kind: "returns"; value: number; input: StepInput | null }
    | { kind: "map"; map: string; key: string; value: string; input: StepInput | null }
    | { kind: "packet_out"; hex: string; input: StepInput | null }
    | { kind: "trace"; text: string; input: StepInput | null }
    | { kind: "insns_below"; count: number; kernels: readonly string[] }
    | { kind: "calls" | "avoids"; api: string }
    | { kind: "compiles"; without: "errors" | "warnings" }
    | { kind: "script"; expression: string; kernels: readonly string[]; input: StepInput | null }
  );

/** A defect of a workshop's files: where, what, and what was expected. */
export interface WorkshopProblem { file: string; path: string; message: string }

/** What the checks need to know of an attempt. Answered by the session (page) or directly by the core (validator). */
export interface Attempt {
  files: Readonly<Record<string, string>>;
  compile(kernel: string): Promise<{ errors: readonly string[]; warnings: readonly string[]; programs: readonly string[] }>;
  verdict(program: string, kernel: string): Promise<{ verdict: "accepted" | "rejected" | "unsupported" | "stopped"; stage: string; message: string; insns: number }>;
  calls(program: string, kernel: string): Promise<readonly string[]>;
  run(program: string, kernel: string, input: StepInput | null): Promise<AttemptRun>;
}
export interface AttemptRun {
  outcome: string;
  message: string;
  retval: number;
  /** lower-case hexadecimal, "" when there is none */
  packetOut: string;
  trace: readonly string[];
  /** hexadecimal keys and values by map name */
  maps: Readonly<Record<string, readonly { key: string; value: string }[]>>;
}

export interface CheckOutcome { title: string; passed: boolean; detail: string }
