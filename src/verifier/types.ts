import type { InsnIdx } from "../base/brand.ts";
import type { SourcePos } from "../loader/types.ts";

export interface VerifyOptions {
  /** 0: last line only is kept as message; 1: states on failure path; 2: all; | 4 statistics. Default 1. */
  logLevel?: number;
  /** as without CAP_BPF; default false */
  unprivileged?: boolean;
  /** processed-instruction limit; default the kernel's own (1,000,000) */
  insnLimit?: number;
  /** keep the states before and after one instruction: see InsnStates */
  watch?: WatchRequest;
  /** the walk that prints is left out: no log, no explanation; for asking once more about a verdict that is known */
  firstWalkOnly?: boolean;
  /** called about every 8,000 processed instructions with that number and the states remembered; `walk` 2 is the one that prints. Return true to stop (verdict "stopped") */
  onProgress?: (processed: number, states: number, walk: 1 | 2) => boolean;
}

/** Which visits of an instruction to keep: `max` of them from visit `from` on (1 is the first). */
export interface WatchRequest { insn: number; from: number; max: number }

export interface VerifyStats {
  /** the kernel's "processed N insns" */
  insns: number;
  maxStatesPerInsn: number;
  totalStates: number;
  peakStates: number;
  stackDepths: readonly number[];
  ms: number;
}

/** Bounds as decimal strings, so that they cross workers and JSON; the known bits as hexadecimal. */
export interface BoundsView { umin: string; umax: string; smin: string; smax: string; u32min: string; u32max: string; s32min: string; s32max: string; value: string; mask: string }

/** One register or stack slot as typed data. */
export interface RegView {
  /** "r0"… "r10" or "fp-8" */
  name: string;
  /** the text the kernel's log prints for it: "scalar(umin=1,umax=5)" */
  text: string;
  /** kernel's type word: "scalar", "ctx", "map_value", "pkt", …; for a slot without a register in it "bytes" */
  type: string;
  /** its exact value decided something (precision tracking) */
  precise: boolean;
  /** registers of one id know the same; 0 for none */
  id: number;
  /** scalars, and the variable part of pointers; left out where it is the constant 0 of a pointer */
  bounds?: BoundsView;
}

/** Everything known at one moment on one path, of the innermost function. */
export interface StateView {
  frame: number;
  /** names of the functions on the way in, outermost first */
  calls: readonly string[];
  regs: readonly RegView[];
  /** slots in use, nearest the frame pointer first */
  stack: readonly RegView[];
  /** references, locks and sections held: "reference 2 (insn 7)", "lock", "RCU", "preemption off", "IRQs off" */
  held: readonly string[];
}

/** One coming of the verifier by the watched instruction. */
export interface InsnVisit {
  /** 1 is the first */
  visit: number;
  /** 0 is the path the walk began with; the others are numbered in the order they were put aside */
  path: number;
  before: StateView;
  /** how it went on; "refused": here the program was refused */
  outcome: "next" | "jump" | "end of path" | "pruned" | "refused";
  /** where it went on */
  to?: number;
  after?: StateView;
  /** a path that was put aside here for later: where it begins, and with what */
  other?: { path: number; to: number; state: StateView };
  /** pruned: the visit that explored a state which covers this one, and whether its own paths are still open (a loop) */
  equal?: { visit: number; open: boolean };
}

/** States of one instruction (VerifyOptions.watch). */
export interface InsnStates {
  insn: number;
  /** visits in all; `visits` holds those asked for */
  total: number;
  visits: readonly InsnVisit[];
}

/** A part of a C line: columns count from 1 in the line's text, `endCol` is the one after its end. */
export interface SourceExpression { text: string; col: number; endCol: number }

/** Where a register's value came from: one instruction of the path. */
export interface Origin {
  insn: InsnIdx;
  source?: SourcePos;
  /** "R2 = ctx->data_end" */
  text: string;
}

/** A register or stack slot that the check looked at. */
export interface Operand {
  /** "R2" or "fp-16" */
  name: string;
  /** what it stands for, read off the path's instructions: "ctx->data + 14"; the name itself where that is not known */
  means: string;
  /** as the log prints it */
  text: string;
  type: string;
  bounds?: BoundsView;
  origin?: Origin;
}

/** One step of the way to the refusal. */
export interface PathStep {
  kind: "branch" | "call" | "return" | "jump" | "left out";
  insn: InsnIdx;
  source?: SourcePos;
  expression?: SourceExpression;
  /** "ctx->data + 14 > ctx->data_end is false", "call of parse()", "41 steps left out" */
  text: string;
  /** branches: the comparison as the instruction makes it, with registers and with what they mean, and whether it held on this path */
  condition?: { registers: string; meaning: string; holds: boolean; /** the other way cannot be taken */ decided: boolean };
  /** branches: what was known of the registers compared, and what this way of the branch adds */
  values: readonly { name: string; means: string; before: string; after: string }[];
  /** the values in one line: "R1=scalar() → scalar(umin=1), R2=5" */
  known: string;
}

/** Why a program was refused, beside the kernel's words. */
export interface Explanation {
  /** stable name of the family of refusals: "packet-bounds", "null-check", …; "other" when there is no explanation of its own */
  family: string;
  /** the kernel function that refused, as of the newest simulated release: "check_packet_access" */
  check: string;
  title: string;
  /** plain sentences with this program's numbers: what the check needs, what was known */
  reason: string;
  insn: InsnIdx;
  /** "(71) r0 = *(u8 *)(r1 +0)"; "" where the refusal is about the whole program or function, not one instruction */
  insnText: string;
  source?: SourcePos;
  /** the part of the line that the instruction belongs to */
  expression?: SourceExpression;
  operands: readonly Operand[];
  /** other places that belong to the reason: where a reference was taken, the head of a loop */
  related: readonly { insn: InsnIdx; source?: SourcePos; text: string }[];
  /** oldest first; `branches` counts those left out too */
  path: readonly PathStep[];
  branches: number;
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
  /** how often the walk came by each instruction slot; 0 was never reached */
  visits: readonly number[];
  /** the start of the log is missing: of a very long one the end is kept, as libbpf's buffer does */
  logCut: boolean;
  /** answer to VerifyOptions.watch */
  states?: InsnStates;
  /** facts for the emulator: instruction slots proven dead, etc. */
  dead?: readonly InsnIdx[];
}
