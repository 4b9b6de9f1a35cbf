import type { InsnIdx } from "../base/brand.ts";
import type { SourcePos } from "../loader/types.ts";

export interface VerifyOptions {
  /** 0: last line only is kept as message; 1: states on failure path; 2: all; | 4 statistics. Default 1. */
  logLevel?: number;
  /** as without CAP_BPF; default false */
  unprivileged?: boolean;
  /** processed-instruction limit; default the kernel's own (1,000,000) */
  insnLimit?: number;
  /** keep typed events (state before and after each instruction); default true up to maxEvents */
  events?: boolean;
  maxEvents?: number;
  /** called about every 10,000 processed instructions; return true to stop (verdict "stopped") */
  onProgress?: (processed: number) => boolean;
}

export interface VerifyStats {
  /** the kernel's "processed N insns" */
  insns: number;
  maxStatesPerInsn: number;
  totalStates: number;
  peakStates: number;
  stackDepths: readonly number[];
  ms: number;
}

/** One register as typed data. Bounds are decimal strings so that results cross workers and JSON. */
export interface RegView {
  /** "r0"… "r10" or "fp-8" */
  name: string;
  /** the text the kernel's log prints for it: "scalar(umin=1,umax=5)" */
  text: string;
  /** kernel's type word: "scalar", "ctx", "map_value", "pkt", … */
  type: string;
}

/** One step of the exploration. */
export type VerifyEvent =
  | { kind: "insn"; insn: InsnIdx; frame: number; before: readonly RegView[] ; text: string; path: number }
  | { kind: "branch"; insn: InsnIdx; taken: "both" | "fallthrough" | "jump"; path: number; pushed?: number }
  | { kind: "prune"; insn: InsnIdx; path: number; why: "equal state seen" | "loop" | "may_goto" }
  | { kind: "path"; path: number; from: InsnIdx; parent: number }
  | { kind: "call"; insn: InsnIdx; name: string; path: number }
  | { kind: "exit"; insn: InsnIdx; path: number }
  | { kind: "error"; insn: InsnIdx; path: number; message: string };

/** Why a program was refused, beside the kernel's words. */
export interface Explanation {
  /** stable name of the check: "null_check_missing", "kfunc_not_allowed" … */
  check: string;
  title: string;
  /** plain sentences: what the verifier knew, what it needed */
  reason: string;
  insn: InsnIdx;
  source?: SourcePos;
  /** the branches that led there, oldest first, with what was known */
  path: readonly { insn: InsnIdx; source?: SourcePos; text: string; known: string }[];
  /** what would satisfy the check */
  fixes: readonly string[];
}

export interface VerifyResult {
  verdict: "accepted" | "rejected" | "unsupported" | "stopped";
  /** "" when accepted; else the kernel's line (design/cli.md rule), or what is not simulated */
  message: string;
  /** "EACCES", "EINVAL", … when rejected */
  errno?: string;
  /** 7.3 on: structured report lines after the error line */
  report?: string;
  insn?: InsnIdx;
  source?: SourcePos;
  /** the log as that kernel prints it at the asked level, statistics included */
  log: string;
  stats: VerifyStats;
  explanation?: Explanation;
  warnings: readonly string[];
  events: readonly VerifyEvent[];
  eventsTruncated: boolean;
  /** facts for the emulator: instruction slots proven dead, etc. */
  dead?: readonly InsnIdx[];
}
