/**
 * A workshop: a folder of Markdown steps, starter and solution files, kernels and custom kernels, inputs, and declarative checks.
 * The format is described in src/workshop/README.md; everything here is plain data that crosses workers and files.
 */
export interface Workshop {
  schema: 1;
  /** letters, digits and dashes; names the progress store and links */
  id: string;
  /** an essay argues a question in a few short steps; its steps may have no task */
  kind: "workshop" | "essay";
  title: string;
  summary: string;
  /** Markdown below the front matter of workshop.md: what it is about, for whom, what one should know */
  about: string;
  /** for the whole workshop, as planned by its author */
  minutes: number;
  language: string;
  authors: readonly string[];
  license: string;
  /** what was read for it, and where arguments can be read at length */
  sources: readonly Source[];
  /** custom kernels of the folder labs/: name → JSON text. A kernel is named "7.2+NAME" with one of them. */
  labs: Readonly<Record<string, string>>;
  steps: readonly WorkshopStep[];
}

export interface Source {
  title: string;
  /** publisher and year, or the path of a kernel document */
  where: string;
}

export interface WorkshopStep {
  /** folder name: "01-hello" */
  id: string;
  title: string;
  minutes: number;
  /** one sentence: what is true when the step is done */
  goal: string;
  /** Markdown text shown beside the editor */
  text: string;
  /** Markdown only the presenter sees */
  notes: string;
  /** release the step opens on and its files are compiled for: "7.2" */
  kernel: string;
  /** name of the custom kernel the step opens on, or null */
  lab: string | null;
  /** that custom kernel's JSON text, or null */
  overlay: string | null;
  /** kernels (as checks name them) on which every check is asked that names none itself; at least the one it opens on */
  kernels: readonly KernelName[];
  flags: { opt: "-O0" | "-O1" | "-O2" | "-Os"; debug: boolean; mcpu: "v1" | "v2" | "v3" | "v4" };
  /** program that runs, and that checks without a `program` are about; null: the only one */
  program: string | null;
  input: StepInput | null;
  starter: Readonly<Record<string, string>>;
  solution: Readonly<Record<string, string>>;
  checks: readonly Check[];
  hints: readonly string[];
}

/** A kernel as steps and checks name it: a release, "7.2", or a release with a custom kernel of labs/, "7.2+NAME". See kernelOf(). */
export type KernelName = string;

/** Input of a run: a named packet preset, hexadecimal bytes, a context, initial map contents. */
export interface StepInput {
  preset: string | null;
  dataIn: string | null;
  ctxIn: string | null;
  repeat: number;
  /** keys and values as plainHex reads them */
  maps: Readonly<Record<string, readonly { key: string; value: string }[]>>;
}

interface CheckBase {
  /** what the attendee reads: "6.12 accepts it" */
  title: string;
  /** null: the step's program */
  program: string | null;
  /** kernels on which it is asked; all have to agree */
  kernels: readonly KernelName[];
}
export type Check = CheckBase &
  (
    | { kind: "verdict"; verdict: "accepted" | "rejected"; stage: string | null; message: string | null }
    | { kind: "warning"; /** null: there must be no warning */ text: string | null }
    | { kind: "log"; text: string }
    | { kind: "returns"; value: number; input: StepInput | null }
    | { kind: "map"; map: string; key: string; value: string; input: StepInput | null }
    | { kind: "packet_out"; hex: string; input: StepInput | null }
    | { kind: "trace"; text: string; input: StepInput | null }
    | { kind: "insns_below"; count: number }
    | { kind: "calls"; api: string }
    | { kind: "avoids"; api: string }
    | { kind: "compiles"; without: "errors" | "warnings" }
    | { kind: "answer"; question: string; accepted: readonly string[] }
    | { kind: "script"; expression: string; input: StepInput | null }
  );

/** A defect of a workshop's files: where, what, and what was expected. */
export interface WorkshopProblem { file: string; path: string; message: string }

/**
 * What the checks need to know of an attempt. Answered by the session (page) or directly by the core (validator). The files are
 * compiled once, for the step's own kernel; the same object is then judged and run on every kernel a check names. Answers need
 * not be kept: runChecks asks each question once.
 */
export interface Attempt {
  files: Readonly<Record<string, string>>;
  /** for the step's own kernel */
  compile(kernel: KernelName): Promise<AttemptBuild>;
  verdict(program: string, kernel: KernelName): Promise<AttemptVerdict>;
  /** the verifier's log at level 2; "" where the verifier was not reached */
  log(program: string, kernel: KernelName): Promise<string>;
  calls(program: string, kernel: KernelName): Promise<readonly string[]>;
  /** asked only of programs that the kernel accepts */
  run(program: string, kernel: KernelName, input: StepInput | null): Promise<AttemptRun>;
}
export interface AttemptBuild { errors: readonly string[]; warnings: readonly string[]; programs: readonly string[] }
export interface AttemptVerdict {
  verdict: "accepted" | "rejected" | "unsupported" | "stopped";
  stage: string;
  message: string;
  /** what the loader knows besides: "kfunc 'x' is referenced but wasn't resolved" */
  note?: string;
  insns: number;
  /** of loader and verifier: deprecated kfuncs */
  warnings: readonly string[];
}
export interface AttemptRun {
  outcome: string;
  message: string;
  retval: number;
  /** what that means where it has a name: "XDP_DROP" */
  action?: string;
  /** lower-case hexadecimal, "" when there is none */
  packetOut: string;
  trace: readonly string[];
  /** hexadecimal keys and values by map name */
  maps: Readonly<Record<string, readonly { key: string; value: string }[]>>;
}

export interface CheckOutcome { title: string; passed: boolean; detail: string }

/** public/workshops/index.json: what the page lists, without opening a workshop. */
export interface WorkshopIndex { schema: 1; workshops: readonly WorkshopIndexEntry[] }
export interface WorkshopIndexEntry {
  id: string;
  kind: "workshop" | "essay";
  title: string;
  summary: string;
  minutes: number;
  language: string;
  authors: readonly string[];
  license: string;
  steps: readonly { id: string; title: string; minutes: number }[];
  /** releases it needs, oldest first */
  kernels: readonly string[];
  /** file beside the index with all of its files (WorkshopBundle) */
  bundle: string;
  bytes: number;
}
/** A workshop in one file: what parseWorkshop takes. */
export interface WorkshopBundle { schema: 1; id: string; files: Readonly<Record<string, string>> }
