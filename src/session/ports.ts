import type { Diagnostic } from "../compiler/types.ts";
import type { Result } from "../base/result.ts";
import type { FullKernelWorkerApi } from "../workers/kernel-api.ts";
import type { Project } from "./types.ts";

/** What the session needs of the world; the page plugs workers in, tests plug fakes in. */

export type { Diagnostic, FixIt, TextRange } from "../compiler/types.ts";

export interface CompileRequest {
  files: Readonly<Record<string, string>>;
  main: string;
  kernel: string;
  overlay: string | null;
  flags: Project["flags"];
}

export interface CompileOutcome {
  /** null when there are errors */
  object: Uint8Array | null;
  diagnostics: readonly Diagnostic[];
  /** what clang printed, for the curious */
  text: string;
  ms: number;
}

/** Bytes of a first download; total is 0 while unknown. */
export interface Download { what: string; received: number; total: number }

export interface CompilerPort {
  /** Resolves with the outcome, or with an error text when the compiler itself cannot be had or crashed. After cancel() it may resolve with "cancelled" or never. */
  compile(request: CompileRequest): Promise<Result<CompileOutcome, string>>;
  /** Drops the compile in flight. */
  cancel(): void;
  /** Reports the first download; null when it has ended. */
  onDownload(listener: (download: Download | null) => void): void;
}

export interface KernelPort {
  readonly api: FullKernelWorkerApi;
  /** Ends what the worker is doing. Afterwards `api` is a fresh worker that has no object open; calls in flight are rejected or never settle. */
  restart(): void;
  /** Ends the worker while nothing is asked of it; the next use of `api` starts another, which has no object open. */
  rest?(): void;
  /** milliseconds after which an idle worker is ended; left out: never */
  readonly idleMs?: number;
}

/** Timers, so that tests can hold the clock. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
