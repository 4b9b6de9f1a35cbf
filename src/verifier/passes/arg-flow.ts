/**
 * Which registers and stack slots of a subprogram hold stack addresses before each instruction, by data flow over its
 * graph (kernel 7.1+ liveness.c, compute_subprog_args and arg_track_xfer).
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MEM, BPF_MOV, BPF_ST, BPF_STX, BPF_SUB,
  BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import { atomicLoadReg } from "../checks/atomic.ts";
import { sizeBytes } from "../checks/size.ts";
import {
  addOffset, aluTracks, type ArgTrack, framePointer, imprecise, isImprecise, isVisited, joinTracks, mayPointInto, moveTrack, NONE, sameTrack, somewhereIn,
} from "../domains/arg-track.ts";
import { FlowLog } from "../report/stack-analysis.ts";
import type { Env } from "../state/env.ts";
import { BPF_REG_FP } from "../state/frame.ts";
import { successors } from "./insn-info.ts";

const PARAMS_REG = 11;
export const STACK_ARG_SLOTS = 7;
/** r0 to r10, then the outgoing stack arguments */
export const TRACKED_REGS = PARAMS_REG + STACK_ARG_SLOTS;
const SPILL_SLOTS = 64;

/** What is known before one instruction. The arrays are not changed once they are here; neighbours share them. */
export interface TrackState {
  regs: readonly ArgTrack[];
  /** slot i is the 8 bytes at fp-8(i+1) */
  stack: readonly ArgTrack[];
}
interface Out { regs: ArgTrack[]; stack: readonly ArgTrack[] }

const ALL_NONE: readonly ArgTrack[] = new Array<ArgTrack>(SPILL_SLOTS).fill(NONE);
const isDwMem = (i: Insn, cls: number): boolean => i.code === (cls | BPF_MEM | BPF_DW);
export const isStackArgLoad = (i: Insn): boolean => isDwMem(i, BPF_LDX) && i.src === PARAMS_REG && i.off > 0 && i.off % 8 === 0;
export const isStackArgStore = (i: Insn): boolean => (isDwMem(i, BPF_STX) || isDwMem(i, BPF_ST)) && i.dst === PARAMS_REG && i.off < 0 && i.off % 8 === 0;
function stackArgSlot(off: number): number {
  const n = Math.trunc(Math.abs(off) / 8);
  return n > STACK_ARG_SLOTS ? -1 : n - 1;
}
/** Spill slot of an offset from the frame pointer, -1 where it is none. */
function spillSlot(off: number): number {
  return off >= 0 || off < -8 * SPILL_SLOTS || off % 8 !== 0 ? -1 : -off / 8 - 1;
}

function fill(insn: Insn, from: ArgTrack, stack: readonly ArgTrack[] | undefined, depth: number): ArgTrack {
  const lost = imprecise((1 << (depth + 1)) - 1);
  if (!stack) return lost;
  if (insn.src === BPF_REG_FP) {
    const slot = spillSlot(insn.off);
    return slot >= 0 ? stack[slot]! : lost;
  }
  if (from.offs.length === 0) return lost;
  let result = NONE;
  for (const off of from.offs) {
    const at = addOffset(off, insn.off);
    const slot = at === undefined ? -1 : spillSlot(at);
    if (slot < 0) return lost;
    result = joinTracks(result, stack[slot]!);
  }
  return result;
}
function spill(out: Out, insn: Insn, value: ArgTrack, size: number): void {
  const v = size === 8 ? value : NONE;
  const stack = out.stack.slice();
  out.stack = stack;
  if (insn.dst === BPF_REG_FP) {
    const slot = spillSlot(insn.off);
    if (slot >= 0) stack[slot] = v;
    return;
  }
  const { offs } = out.regs[insn.dst]!;
  if (offs.length === 0) {
    for (let i = 0; i < SPILL_SLOTS; i++) stack[i] = joinTracks(stack[i]!, v);
    return;
  }
  for (const off of offs) {
    const at = addOffset(off, insn.off);
    const slot = at === undefined ? -1 : spillSlot(at);
    if (slot >= 0) stack[slot] = offs.length === 1 ? v : joinTracks(stack[slot]!, v);
  }
}
/** Something that is no stack address was stored at the bytes [off, off + size), or at one of several such places. */
function clearSlots(stack: ArgTrack[], off: number, size: number, certain: boolean): void {
  for (let i = 0; i < SPILL_SLOTS; i++) {
    const start = -8 * (i + 1);
    if (start < off + size && start + 8 > off) stack[i] = certain ? NONE : joinTracks(stack[i]!, NONE);
  }
}
function clearStored(out: Out, insn: Insn, size: number): void {
  const stack = out.stack.slice();
  out.stack = stack;
  const everywhere = (): void => clearSlots(stack, -8 * SPILL_SLOTS, 8 * SPILL_SLOTS, false);
  if (insn.dst === BPF_REG_FP) return clearSlots(stack, insn.off, size, true);
  const { offs } = out.regs[insn.dst]!;
  if (offs.length === 0) return everywhere();
  for (const off of offs) {
    const at = addOffset(off, insn.off);
    if (at === undefined) return everywhere();
    clearSlots(stack, at, size, offs.length === 1);
  }
}

/** One subprogram at one depth of calls. */
export interface FlowContext {
  env: Env;
  depth: number;
  /** stack arguments the caller passes */
  stackArgs: readonly ArgTrack[];
  /** what stood on the stack of each outer frame where it makes the call under analysis */
  outerStacks: (frame: number) => readonly ArgTrack[] | undefined;
}

function transferAlu64(regs: ArgTrack[], insn: Insn): void {
  const dst = regs[insn.dst]!, src = regs[insn.src]!;
  const op = bpfOp(insn.code);
  if (bpfSrc(insn.code) === BPF_X) {
    // a MOV with an offset extends a sign or casts between address spaces: no stack address comes of it
    if (op === BPF_MOV) regs[insn.dst] = insn.off === 0 ? src : NONE;
    else regs[insn.dst] = aluTracks(dst, src);
  } else if (op === BPF_MOV) regs[insn.dst] = NONE;
  else if (dst.frame >= 0) regs[insn.dst] = op === BPF_ADD ? moveTrack(dst, insn.imm) : op === BPF_SUB ? moveTrack(dst, -insn.imm) : somewhereIn(dst.frame);
}
function transferLoad(c: FlowContext, out: Out, insn: Insn): void {
  const src = out.regs[insn.src]!;
  let v = NONE;
  if (isDwMem(insn, BPF_LDX)) {
    if (insn.src === BPF_REG_FP || mayPointInto(src, c.depth)) v = fill(insn, src, out.stack, c.depth);
    else if (src.frame >= 0 && src.frame < c.depth) v = fill(insn, src, c.outerStacks(src.frame), src.frame);
    else if (isImprecise(src) && src.mask !== 0) v = src;
  }
  out.regs[insn.dst] = v;
}
function transferStore(c: FlowContext, out: Out, insn: Insn, cls: number): void {
  const size = sizeBytes(insn.code), mode = bpfMode(insn.code);
  const local = insn.dst === BPF_REG_FP || mayPointInto(out.regs[insn.dst]!, c.depth);
  if (cls === BPF_ST) {
    if (mode === BPF_MEM && local) clearStored(out, insn, size);
    return;
  }
  if (mode === BPF_MEM && local) spill(out, insn, out.regs[insn.src]!, size);
  if (mode !== BPF_ATOMIC) return;
  if (local && insn.imm !== BPF_LOAD_ACQ) clearStored(out, insn, size);
  const r = atomicLoadReg(insn);
  if (r >= 0) out.regs[r] = NONE;
}
function transfer(c: FlowContext, out: Out, insn: Insn): void {
  const cls = bpfClass(insn.code);
  if (isStackArgStore(insn)) {
    const slot = stackArgSlot(insn.off);
    if (slot >= 0) out.regs[PARAMS_REG + slot] = cls === BPF_STX ? out.regs[insn.src]! : NONE;
    return;
  }
  if (isStackArgLoad(insn)) {
    const slot = stackArgSlot(insn.off);
    out.regs[insn.dst] = slot >= 0 ? c.stackArgs[slot]! : NONE;
    return;
  }
  switch (cls) {
    case BPF_ALU64:
      transferAlu64(out.regs, insn);
      return;
    case BPF_ALU:
      out.regs[insn.dst] = NONE;
      return;
    case BPF_JMP:
      // neither a helper nor a subprogram leaves a stack address in a register or on the caller's stack
      if (bpfOp(insn.code) === BPF_CALL) for (let r = 0; r <= 5; r++) out.regs[r] = NONE;
      return;
    case BPF_LDX:
      transferLoad(c, out, insn);
      return;
    case BPF_LD:
      if (bpfMode(insn.code) === BPF_IMM) out.regs[insn.dst] = NONE;
      return;
    case BPF_ST:
    case BPF_STX:
      transferStore(c, out, insn, cls);
      return;
  }
}

type OnChange = (i: number, old: ArgTrack, other: ArgTrack, joined: ArgTrack) => void;
/** The two joined, `a` itself where `b` adds nothing. */
function joinAll(a: readonly ArgTrack[], b: readonly ArgTrack[], onChange?: OnChange): readonly ArgTrack[] {
  if (a === b) return a;
  let out: ArgTrack[] | undefined;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    if (x === b[i]) continue;
    const v = joinTracks(x, b[i]!);
    if (sameTrack(v, x)) continue;
    (out ??= a.slice())[i] = v;
    onChange?.(i, x, b[i]!, v);
  }
  return out ?? a;
}

/**
 * @param entry r1 to r5 (at their index) and stack arguments (from index 11) that the caller passes; null for a program's start
 * @returns what is known before each instruction, by its index in the subprogram; undefined where nothing leads
 */
export function flowSubprog(env: Env, subprog: number, depth: number, entry: readonly ArgTrack[] | null, outerStacks: FlowContext["outerStacks"]): (TrackState | undefined)[] {
  const log = env.log.level2 ? new FlowLog(env, subprog, depth) : undefined;
  const info = env.subprogs[subprog]!, next = env.subprogs[subprog + 1]!;
  const { start } = info;
  const states: (TrackState | undefined)[] = new Array<TrackState | undefined>(next.start - start).fill(undefined);
  const regs = new Array<ArgTrack>(TRACKED_REGS).fill(NONE);
  if (entry) for (let r = 1; r <= 5; r++) regs[r] = entry[r]!;
  regs[BPF_REG_FP] = framePointer(depth, 0);
  states[0] = { regs, stack: ALL_NONE };
  const c: FlowContext = { env, depth, outerStacks, stackArgs: Array.from({ length: STACK_ARG_SLOTS }, (_, i) => entry?.[PARAMS_REG + i] ?? NONE) };
  let changed = true;
  while (changed) {
    changed = false;
    for (let p = next.postorderStart - 1; p >= info.postorderStart; p--) {
      const idx = env.insnPostorder[p]!;
      const at = states[idx - start];
      if (!at || (!isVisited(at.regs[0]!) && !isVisited(at.regs[1]!))) continue;
      const out: Out = { regs: at.regs.slice(), stack: at.stack };
      transfer(c, out, env.insns[idx]!);
      log?.step(idx, at, out);
      for (const s of successors(env, idx)) {
        if (s < start || s >= next.start) continue;
        const to = states[s - start];
        if (!to) {
          states[s - start] = { regs: out.regs, stack: out.stack };
          changed = true;
          continue;
        }
        const r = joinAll(to.regs, out.regs, log && ((...change) => log.join(idx, s, "regs", ...change)));
        const st = joinAll(to.stack, out.stack, log && ((...change) => log.join(idx, s, "stack", ...change)));
        if (r === to.regs && st === to.stack) continue;
        states[s - start] = { regs: r, stack: st };
        changed = true;
      }
    }
  }
  return states;
}
