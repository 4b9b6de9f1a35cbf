import type { Result } from "../base/result.ts";
import type { LoadError, SourcePos } from "../loader/types.ts";
import type { RunResult } from "../emulator/types.ts";
import type { VerifyResult } from "../verifier/types.ts";

/** Request and answer types of the kernel worker: bind, verify, disassemble, run. Everything here crosses structured clone. */
export interface ProgramVerdict {
  program: string;
  kernel: string;
  verdict: "accepted" | "rejected" | "unsupported" | "stopped";
  stage: "open" | "relocate" | "resolve" | "verify";
  message: string;
  insn?: number;
  source?: SourcePos;
  /** present when the verifier was reached */
  verify?: VerifyResult;
  /** present when refused before the verifier */
  load?: LoadError;
  ms: number;
}
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
export interface KernelWorkerApi {
  /** kernels of the index, oldest first */
  kernels(): Promise<Result<readonly KernelSummary[], string>>;
  /** vmlinux.h of that kernel, printed from its BTF (cached) */
  vmlinuxH(kernel: string, overlay: string | null): Promise<Result<string, string>>;
  /** parses an object; kept under the id for the calls below */
  open(objectId: string, object: Uint8Array): Promise<Result<ObjectSummary, LoadError>>;
  check(objectId: string, program: string, kernel: string, overlay: string | null, options: { logLevel: number; events: boolean }): Promise<ProgramVerdict>;
  disasm(objectId: string, program: string, kernel: string, overlay: string | null): Promise<Result<readonly DisasmLine[], LoadError>>;
  run(objectId: string, overlay: string | null, input: RunInput): Promise<Result<RunResult, LoadError>>;
}
