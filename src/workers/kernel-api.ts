import type { Result } from "../base/result.ts";
import type { ApiDifference, ApiExplanation, ApiRow } from "../kernel/api-types.ts";
import type { LabVerdict, LabWorkerApi } from "./lab-api.ts";
import type { LoadError, SourcePos } from "../loader/types.ts";
import type { RunResult } from "../emulator/types.ts";
import type { InsnStates, VerifyResult, WatchRequest } from "../verifier/types.ts";

/** Request and answer types of the kernel worker: bind, verify, disassemble, run. Everything here crosses structured clone. */
export interface ProgramVerdict {
  program: string;
  kernel: string;
  /** what a custom kernel calls itself: "7.2+NAME" */
  kernelName?: string;
  verdict: "accepted" | "rejected" | "unsupported" | "stopped";
  stage: "open" | "relocate" | "resolve" | "verify";
  message: string;
  /** what the loader knows of the refused instruction, as libbpf adds to the log: "kfunc 'x' is referenced but wasn't resolved" */
  note?: string;
  insn?: number;
  source?: SourcePos;
  /** present when the verifier was reached */
  verify?: VerifyResult;
  /** present when refused before the verifier */
  load?: LoadError;
  /** refused before the verifier: why in plain words, and what to change */
  help?: { reason: string; fixes: readonly string[] };
  /** what the refusal has to do with a helper's or kfunc's life, and what to change */
  api?: ApiExplanation;
  /** of loader and verifier: deprecated kfuncs */
  warnings?: readonly string[];
  /** on a custom kernel: what of its changes the program meets, and whether it is warned (amber in a matrix) */
  lab?: LabVerdict;
  /** of a matrix with columns: which one */
  column?: number;
  ms: number;
}
/** How far a verification is: `walk` 2 is the second one of a refused program, which prints its log. */
export interface CheckProgress { processed: number; states: number; walk: 1 | 2; limit: number }
export interface DisasmLine {
  insn: number;
  text: string;
  hex: string;
  subprog?: string;
  source?: SourcePos;
  call?: { kind: "helper" | "kfunc" | "subprog"; name: string };
}
export interface ObjectSummary {
  programs: readonly { name: string; section: string; type: string | null; insns: number }[];
  maps: readonly { name: string; type: string; keySize: number; valueSize: number; maxEntries: number }[];
}
export interface KernelSummary { kernel: string; release: string; helpers: number; kfuncs: number; btf: boolean; packBytes: number }
export interface RunInput {
  program: string;
  kernel: string;
  dataIn: Uint8Array | null;
  ctxIn: Uint8Array | null;
  repeat: number;
  maps: Readonly<Record<string, readonly { key: Uint8Array; value: Uint8Array }[]>>;
}
/** `unprivileged`: loaded without any capability, where sysctl kernel.unprivileged_bpf_disabled is 0 */
export interface CheckOptions { logLevel: number; unprivileged?: boolean }
export interface KernelWorkerApi {
  /** kernels of the index, oldest first */
  kernels(): Promise<Result<readonly KernelSummary[], string>>;
  /** vmlinux.h of that kernel, printed from its BTF (cached) */
  vmlinuxH(kernel: string, overlay: string | null): Promise<Result<string, string>>;
  /** parses an object; kept under the id for the calls below. `name`: what libbpf calls it (the file's name up to its first dot), which its internal maps are named after */
  open(objectId: string, object: Uint8Array, name?: string): Promise<Result<ObjectSummary, LoadError>>;
  /** `onProgress` is called about four times a second while a long verification runs */
  check(objectId: string, program: string, kernel: string, overlay: string | null, options: CheckOptions, onProgress?: (progress: CheckProgress) => void): Promise<ProgramVerdict>;
  /** the states before and after one instruction, visit by visit; verifies the program once more */
  states(objectId: string, program: string, kernel: string, overlay: string | null, watch: WatchRequest, options?: Pick<CheckOptions, "unprivileged">): Promise<Result<InsnStates, LoadError>>;
  disasm(objectId: string, program: string, kernel: string, overlay: string | null): Promise<Result<readonly DisasmLine[], LoadError>>;
  run(objectId: string, overlay: string | null, input: RunInput): Promise<Result<RunResult, LoadError>>;
}

/** What the kernel worker does besides: nothing here is needed to judge and run one program. */
export interface KernelWorkerExtras {
  /** opens a kernel (and its overlay) so that later calls are quick; the error says what is wrong with pack or overlay, and whatever was in use stays usable */
  loadKernel(kernel: string, overlay: string | null): Promise<Result<LoadedKernel, string>>;
  /**
   * Judges programs (null: all of the object) on kernels (null: all) and hands each verdict over as it comes, a kernel at a
   * time, newest first. Resolves with how many were judged; cancel(job) stops it between two verdicts.
   */
  matrix(job: string, request: MatrixRequest, onVerdict: (verdict: ProgramVerdict) => void): Promise<Result<{ judged: number; cancelled: boolean }, string>>;
  cancel(job: string): Promise<void>;
  /** why a helper or kfunc cannot be had on that kernel; with a program type also why that type may not call it */
  /** For errors of a compile against that kernel's types: one sentence for each, saying which kernels have the type or constant that it lacks; null where that is not the cause. */
  typeHints(kernel: string, messages: readonly string[]): Promise<Result<readonly (string | null)[], string>>;
  explain(name: string, kernel: string, overlay: string | null, progType: string | null): Promise<Result<ApiExplanation, string>>;
  /** the life of a helper or kfunc, a row a kernel; the error names the nearest */
  api(name: string): Promise<Result<{ kind: "helper" | "kfunc"; id: number | null; rows: readonly ApiRow[] }, string>>;
  /** every helper and kfunc the object calls, and whether that kernel has it for the programs that call it */
  calls(objectId: string, kernel: string, overlay: string | null): Promise<Result<readonly CallStatus[], string>>;
  /**
   * Why two kernels (each with the overlay, if any) answer differently to a program: which rules of the verifier change the
   * answer on the way from the one to the other, and which of its calls they see differently. Judges the program once for
   * each step it has to look into, for 15 seconds at most.
   */
  difference(objectId: string, program: string, from: string, to: string, overlay: string | null, options?: Pick<CheckOptions, "unprivileged">): Promise<Result<ProgramDifference, string>>;
  /** what changed from one kernel to another */
  apiChanges(from: string, to: string): Promise<Result<readonly ApiDifference[], string>>;
}
/** What a kernel says to a program, as far as two kernels' answers are compared. */
export interface Answer { verdict: "accepted" | "rejected" | "unsupported"; stage: LoadError["stage"] | "verify"; message: string; /** processed instructions; null before the verifier */ processed: number | null }
/** A named rule of the verifier that one of two kernels has. `release`: the one that brought the change; null: none of the simulated ones. */
export interface RuleChange { name: string; what: string; change: "on" | "off"; release: string | null }
/** A change of the answer and what brings it: rules of the verifier (several where they could not be told apart), or with none the kernel's tables (helpers, kfuncs, types, contexts). */
export interface DifferenceStep { rules: readonly RuleChange[]; before: Answer; after: Answer }
export interface KernelDifference {
  from: Answer;
  to: Answer;
  /** in the order of the releases, the tables last */
  steps: readonly DifferenceStep[];
  /** rules that the two kernels do not share */
  rules: number;
  /** times the program was judged */
  judged: number;
  /** false: time was up before every step was told apart */
  complete: boolean;
}
export interface ProgramDifference extends KernelDifference {
  /** what the refusal of one of the two has to do with a helper or kfunc */
  api: ApiExplanation | null;
  /** calls of the program that the two kernels see differently; `detail` is what changed in the prototype */
  calls: readonly { name: string; kind: CallStatus["kind"]; from: CallStatus["status"]; to: CallStatus["status"]; detail: string | null }[];
}
/** One call of an object on one kernel. */
export interface CallStatus {
  /** without libbpf's `___suffix` */
  name: string;
  kind: "helper" | "kfunc";
  /** number of a helper */
  id: number | null;
  /** every declaration of it is weak: a kernel without it leaves it 0 */
  weak: boolean;
  /** programs of the object that call it (where one did not bind: that may) */
  programs: readonly string[];
  /** "not known": the kernel's pack has no modules, and elsewhere a module brings it */
  status: "available" | "deprecated" | "missing" | "not allowed" | "not known";
  /** the first cause, or where it lives; for people */
  detail: string | null;
}
export interface LoadedKernel extends KernelSummary {
  /** "7.2+NAME" with an overlay */
  name: string;
  /** what the overlay asks for and this release makes pointless */
  notes: readonly string[];
}
export interface MatrixRequest {
  objectId: string;
  programs: readonly string[] | null;
  kernels: readonly string[] | null;
  overlay: string | null;
  /** instead of kernels and overlay: releases and custom kernels side by side; verdicts carry the column's index */
  columns?: readonly { kernel: string; overlay: string | null }[];
}
/** Everything kernel.worker.ts exposes. */
export type FullKernelWorkerApi = KernelWorkerApi & KernelWorkerExtras & LabWorkerApi;
