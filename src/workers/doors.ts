import type { Result } from "../base/result.ts";
import type { Btf } from "../btf/types.ts";
import type { RunRequest, RunResult } from "../emulator/types.ts";
import type { Kernel, KernelPack } from "../kernel/types.ts";
import type { BoundProgram, LoadError, ObjectSpec } from "../loader/types.ts";
import type { VerifyOptions, VerifyResult } from "../verifier/types.ts";

/** The rooms' main doors as the engine uses them. Handed in, so that tests can stand something small in their place. */
export interface Doors {
  /** takes a pack file's bytes as they came over the wire */
  openPack(bytes: Uint8Array): Promise<Result<KernelPack, string>>;
  printVmlinuxH(btf: Btf, options: { kfuncs: Iterable<string> }): string;
  openObject(bytes: Uint8Array, options?: { name?: string }): Result<ObjectSpec, LoadError>;
  bindProgram(spec: ObjectSpec, program: string, kernel: Kernel): Result<BoundProgram, LoadError>;
  verify(program: BoundProgram, kernel: Kernel, options: VerifyOptions): VerifyResult;
  /** `programs`: further programs of the object, which tail calls reach */
  runProgram(program: BoundProgram, kernel: Kernel, request: RunRequest, options?: { programs?: readonly BoundProgram[] }): RunResult | Promise<RunResult>;
}
