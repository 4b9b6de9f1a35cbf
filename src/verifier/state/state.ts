/** The state on one path: call frames, acquired references and held locks (kernel struct bpf_verifier_state). */
import { clock, FuncState, isSpilledReg, type StackSlot } from "./frame.ts";
import type { RegState } from "./reg-state.ts";

export type RefType = "ptr" | "irq" | "lock" | "res_lock" | "res_lock_irq";
export const isLockRef = (t: RefType): boolean => t === "lock" || t === "res_lock" || t === "res_lock_irq";

export interface RefState {
  readonly type: RefType;
  readonly id: number;
  readonly insnIdx: number;
  readonly parentId: number;
  /** lock: the map or BTF object it lies in */
  readonly ptr: object | null;
  /** before 6.8: reference taken inside a callback belongs to its frame */
  readonly callbackRef: number;
}

export const INSN_F_STACK_ACCESS = 1;
export const INSN_F_DST_REG_STACK = 2;
export const INSN_F_SRC_REG_STACK = 4;
export const INSN_F_STACK_ARG_ACCESS = 8;

export interface LinkedReg { frame: number; isReg: boolean; index: number }
/** One jump (or stack access) of the path within a state; what precision tracking walks back. */
export interface JmpHistoryEntry {
  readonly idx: number;
  readonly prevIdx: number;
  readonly flags: number;
  readonly spi: number;
  readonly frame: number;
  readonly linked: readonly LinkedReg[] | null;
  /** the entry before, and how many there are with this one: copies of a state share what lies behind them */
  readonly prev: JmpHistoryEntry | null;
  readonly count: number;
}

export class VState {
  frames: FuncState[] = [];
  parent: VState | null = null;
  /** immutable entries; the array is replaced, not changed */
  refs: readonly RefState[] = [];
  branches = 0;
  insnIdx = 0;
  curframe = 0;
  activeLocks = 0;
  activePreemptLocks = 0;
  activeIrqId = 0;
  activeLockId = 0;
  activeLockPtr: object | null = null;
  activeRcuLocks = 0;
  speculative = false;
  inSleepable = false;
  firstInsnIdx = 0;
  lastInsnIdx = 0;
  equalState: VState | null = null;
  /** last entry of the path since the checkpoint */
  jmpHistory: JmpHistoryEntry | null = null;
  dfsDepth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  /** releases before SCC-based loops (6.4 to 6.16): innermost loop header, and whether this state is one */
  usedAsLoopEntry = false;
  loopEntry: VState | null = null;
  /** the cache entry this state is in, when it is a checkpoint */
  entry: StateListEntry | null = null;
  /** number of the path, in the order they were put aside */
  path = 0;
  /** 6.18 to 7.0: what nothing reads is forgotten already */
  cleaned = false;
  /** checkpoints: which visit of its instruction made it, counted from 1 */
  visit = 0;

  get cur(): FuncState {
    return this.frames[this.curframe]!;
  }

  /** Everything from src, as the kernel's copy_verifier_state; registers are shared until changed. */
  copyFrom(src: VState): void {
    clock.epoch++;
    this.frames = src.frames.slice(0, src.curframe + 1).map((f) => f.clone());
    this.parent = src.parent;
    this.refs = src.refs;
    this.branches = src.branches;
    this.curframe = src.curframe;
    this.activeLocks = src.activeLocks;
    this.activePreemptLocks = src.activePreemptLocks;
    this.activeIrqId = src.activeIrqId;
    this.activeLockId = src.activeLockId;
    this.activeLockPtr = src.activeLockPtr;
    this.activeRcuLocks = src.activeRcuLocks;
    this.speculative = src.speculative;
    this.inSleepable = src.inSleepable;
    this.firstInsnIdx = src.firstInsnIdx;
    this.lastInsnIdx = src.lastInsnIdx;
    this.equalState = src.equalState;
    this.jmpHistory = src.jmpHistory;
    this.dfsDepth = src.dfsDepth;
    this.callbackUnrollDepth = src.callbackUnrollDepth;
    this.mayGotoDepth = src.mayGotoDepth;
    this.usedAsLoopEntry = src.usedAsLoopEntry;
    this.loopEntry = src.loopEntry;
    this.path = src.path;
  }
}

/** A checkpoint in the list of explored states of an instruction. */
export class StateListEntry {
  readonly state: VState;
  missCnt = 0;
  hitCnt = 0;
  inFreeList = false;
  constructor(state: VState) {
    this.state = state;
  }
}

/**
 * Calls `fn` for every register, spilled register and outgoing stack argument. To change one, call `mut()`:
 * it gives an owned copy (the kernel's bpf_for_each_reg_in_vstate). `slotMask`: bit set of slot types (by the last byte of a slot) to visit, default STACK_SPILL.
 */
export function forEachReg(st: VState, fn: (reg: RegState, mut: () => RegState, slot: StackSlot | null, frame: FuncState, spi: number) => void, slotMask = 1 << 1): void {
  for (let f = 0; f <= st.curframe; f++) {
    const frame = st.frames[f]!;
    for (let i = 0; i < frame.regs.length; i++) fn(frame.regs[i]!, () => frame.mut(i), null, frame, -1);
    for (let i = 0; i < frame.stack.length; i++) {
      const slot = frame.stack[i]!;
      if ((1 << (slot.types >>> 28)) & slotMask) fn(slot.spilled, () => frame.mutSpilled(i), slot, frame, i);
    }
    for (let i = 0; i < frame.stackArgRegs.length; i++) {
      const r = frame.stackArgRegs[i]!;
      if (r.type !== 0) fn(r, () => frame.mutStackArg(i), null, frame, -1);
    }
  }
}
export { isSpilledReg };
