/** Which half slots of which frame each instruction of a subprogram may read and surely writes (kernel 7.1+ liveness.c, record_*). */
import {
  BPF_ATOMIC, BPF_LDX, BPF_LOAD_ACQ, BPF_ST, BPF_STORE_REL, BPF_STX, bpfClass, bpfMode, OP_CALL,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { callSummary } from "../checks/call-summary.ts";
import { sizeBytes } from "../checks/size.ts";
import { addOffset, type ArgTrack, isFp, isImprecise } from "../domains/arg-track.ts";
import type { Env } from "../state/env.ts";
import { FrameAccess, HALF_SLOT } from "../state/slot-sets.ts";
import { isStackArgLoad, isStackArgStore, type TrackState } from "./arg-flow.ts";
import { helperStackBytes, kfuncStackBytes } from "./call-stack-access.ts";
import { isHelperCall, isKfuncCall, isPseudoCall } from "./insn-info.ts";

/** Accesses of a subprogram as one call at one depth makes them; by frame up to that depth. */
export class FuncInstance {
  readonly callsite: number;
  readonly depth: number;
  readonly subprog: number;
  readonly start: number;
  readonly insnCnt: number;
  frames: (FrameAccess | undefined)[] = [];
  done = false;
  constructor(callsite: number, depth: number, subprog: number, start: number, insnCnt: number) {
    this.callsite = callsite;
    this.depth = depth;
    this.subprog = subprog;
    this.start = start;
    this.insnCnt = insnCnt;
  }
  frame(f: number): FrameAccess {
    return (this.frames[f] ??= new FrameAccess(this.insnCnt));
  }
  readsAll(f: number, idx: number): void {
    this.frame(f).mayRead.addAll(idx - this.start);
  }
  /** The outermost frames up to this one are read, as far as the bits say. */
  readsFrames(mask: number, idx: number): void {
    for (let f = 0; f <= this.depth; f++) if (mask & (1 << f)) this.readsAll(f, idx);
  }
  liveBefore(idx: number, f: number, half: number): boolean {
    return this.frames[f]?.liveBefore.has(idx - this.start, half) === true;
  }
}

/** `bytes` from fp+off on: read when positive, written when negative, null: read up to the frame pointer. */
function recordAt(inst: FuncInstance, off: number, bytes: number | null, frame: number, idx: number): void {
  if (off >= 0) return;
  const at = idx - inst.start;
  const touchedHi = Math.trunc((-off - 1) / HALF_SLOT);
  if (bytes === null) inst.frame(frame).mayRead.addRange(at, 0, touchedHi);
  else if (bytes > 0) inst.frame(frame).mayRead.addRange(at, Math.max(Math.trunc((-off - bytes) / HALF_SLOT), 0), touchedHi);
  else {
    // only slots that are covered whole
    const hi = Math.trunc(-off / HALF_SLOT) - 1;
    const lo = Math.max(Math.trunc((-off + bytes + HALF_SLOT - 1) / HALF_SLOT), 0);
    if (lo <= hi) inst.frame(frame).mustWrite.addRange(at, lo, hi);
  }
}
function recordAccess(inst: FuncInstance, ptr: ArgTrack, offs: readonly number[], bytes: number | null, idx: number): void {
  if (bytes === 0) return;
  if (isImprecise(ptr)) return inst.readsFrames(ptr.mask, idx);
  if (ptr.frame < 0 || ptr.frame > inst.depth) return;
  if (offs.length === 0) {
    if (bytes === null || bytes > 0) inst.readsAll(ptr.frame, idx);
    return;
  }
  if (bytes !== null && bytes < 0 && offs.length !== 1) return;
  for (const off of offs) recordAt(inst, off, bytes, ptr.frame, idx);
}
function recordLoadStore(inst: FuncInstance, insn: Insn, at: TrackState, idx: number): void {
  if (isStackArgStore(insn) || isStackArgLoad(insn)) return;
  let bytes: number = sizeBytes(insn.code);
  let reg = insn.dst;
  switch (bpfClass(insn.code)) {
    case BPF_LDX:
      reg = insn.src;
      break;
    case BPF_ST:
      bytes = -bytes;
      break;
    case BPF_STX:
      if (bpfMode(insn.code) !== BPF_ATOMIC || insn.imm === BPF_STORE_REL) bytes = -bytes;
      else if (insn.imm === BPF_LOAD_ACQ) reg = insn.src;
      break;
    default:
      return;
  }
  const ptr = at.regs[reg]!;
  const offs: number[] = [];
  for (const o of ptr.offs) {
    const sum = addOffset(o, insn.off);
    if (sum === undefined) {
      offs.length = 0;
      break;
    }
    offs.push(sum);
  }
  recordAccess(inst, ptr, offs, bytes, idx);
}
function recordCall(env: Env, inst: FuncInstance, insn: Insn, at: TrackState, idx: number): void {
  if (isPseudoCall(insn)) return;
  const params = callSummary(env, insn)?.numParams ?? 5;
  for (let i = 0; i < params && i < 12; i++) {
    const ptr = at.regs[i < 5 ? i + 1 : 11 + i - 5]!;
    if (!isFp(ptr)) continue;
    if (isHelperCall(insn)) recordAccess(inst, ptr, ptr.offs, helperStackBytes(env, insn, i, idx), idx);
    else if (isKfuncCall(insn)) recordAccess(inst, ptr, ptr.offs, kfuncStackBytes(env, insn, i, idx), idx);
    else inst.readsFrames(-1, idx);
  }
}
/** Enters into `inst` what its instructions do, given what they find in their registers. */
export function recordAccesses(env: Env, inst: FuncInstance, states: readonly (TrackState | undefined)[]): void {
  for (let i = 0; i < inst.insnCnt; i++) {
    const at = states[i];
    if (!at) continue;
    const idx = inst.start + i;
    const insn = env.insns[idx]!;
    recordLoadStore(inst, insn, at, idx);
    if (insn.code === OP_CALL) recordCall(env, inst, insn, at, idx);
  }
}
