import type { Result } from "../base/result.ts";
import type { CompileRequest, CompileResult } from "../compiler/types.ts";

/** The compile worker's interface. Everything here crosses structured clone. */

export interface CompileProgress {
  phase: "manifest" | "clang" | "headers" | "ready";
  loadedBytes: number;
  totalBytes: number;
  cached: boolean;
}

/** "auto" picks by what is faster to start (see wasm/README.md): the WASI shim. */
export type RunnerChoice = "auto" | "wasi-shim" | "wasmer-sdk";

/** What one worker has loaded, and another can start from without fetching anything. */
export interface ToolchainHandle {
  module: WebAssembly.Module;
  headers: ReadonlyMap<string, Uint8Array>;
  key: string;
}

export interface CompilerInfo {
  clangVersion: string;
  runner: string;
  /** bytes fetched by a first visitor: clang and headers, packed */
  downloadBytes: number;
  packages: readonly { name: string; version: string; licence: string }[];
  timings: { manifest: number; clang: number; headers: number };
}

/** A request to the worker: the kernel by key only, its text having been given once by addKernel. */
export type WorkerCompileRequest = Omit<CompileRequest, "kernel"> & { kernel: string | null };

export interface CompileWorkerApi {
  /** Loads the toolchain from `base` (a folder URL, slash at the end). Once; a second call gives the first one's answer. */
  load(base: string, runner: RunnerChoice, onProgress: (progress: CompileProgress) => void): Promise<Result<CompilerInfo, string>>;
  /** Starts from another worker's toolchain. */
  adopt(handle: ToolchainHandle, info: CompilerInfo): Promise<Result<CompilerInfo, string>>;
  /** The loaded toolchain, for adopt; undefined before load, and for a runner that cannot share it. */
  handle(): Promise<ToolchainHandle | undefined>;
  hasKernel(key: string): Promise<boolean>;
  addKernel(key: string, vmlinuxH: string): Promise<void>;
  compile(request: WorkerCompileRequest): Promise<CompileResult>;
  /** Makes and keeps the precompiled header for these files; how many were made. */
  precompile(request: WorkerCompileRequest): Promise<number>;
  /** Paths that can be #included, for completion. */
  headerNames(): Promise<string[]>;
  /** The files of the toolchain's folder, for a copy of the page; works without load, and without the server after an earlier visit. */
  pack(base: string): Promise<Result<{ name: string; bytes: Uint8Array<ArrayBuffer> }[], string>>;
}
