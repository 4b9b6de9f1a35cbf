/** One function's frame: registers and stack slots (kernel struct bpf_func_state, struct bpf_stack_state). */
import { markRegKnownZero, markRegNotInit, RegState } from "./reg-state.ts";
import { PTR_TO_STACK, SCALAR_VALUE } from "./reg-type.ts";
import type { RefState } from "./state.ts";

export const MAX_BPF_REG = 11;
export const BPF_REG_FP = 10;
export const MAX_BPF_STACK = 512;
export const BPF_MAIN_FUNC = -1;

export const STACK_INVALID = 0;
export const STACK_SPILL = 1;
export const STACK_MISC = 2;
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;
export const STACK_ITER = 5;
export const STACK_IRQ_FLAG = 6;
export const STACK_POISON = 7;

/** Current epoch: raised by every copy of a state; an object with a lower one may be shared (reg-state.ts). */
export const clock = { epoch: 0 };

/** Eight bytes of stack. `types` packs the eight slot types, byte 0 (lowest of the slot's index space, nearest the frame pointer's end… index as the kernel's slot_type[]) in the low 4 bits. */
export class StackSlot {
  types = 0;
  spilled: RegState;
  epoch = -1;
  constructor(spilled: RegState) {
    this.spilled = spilled;
  }
}
export const slotType = (types: number, i: number): number => (types >>> (i * 4)) & 15;
export const withSlotType = (types: number, i: number, t: number): number => ((types & ~(15 << (i * 4))) | (t << (i * 4))) >>> 0;
/** All eight bytes of one type. */
export const allTypes = (t: number): number => (t * 0x1111_1111) >>> 0;
export const isSpilledReg = (s: StackSlot): boolean => s.types >>> 28 === STACK_SPILL;
export const isSpilledScalarReg = (s: StackSlot): boolean => s.types >>> 28 === STACK_SPILL && s.spilled.type === SCALAR_VALUE;

const EMPTY_REG = new RegState();
const NOBODY = {};

export interface RetvalRange { min: number; max: number; return32: boolean }

export class FuncState {
  regs: RegState[] = [];
  stack: StackSlot[] = [];
  callsite: number;
  frameno: number;
  subprogno: number;
  asyncEntryCnt = 0;
  callbackRetRange: RetvalRange = { min: 0, max: 0, return32: false };
  inCallbackFn = false;
  inAsyncCallbackFn = false;
  inExceptionCallbackFn = false;
  callbackDepth = 0;
  /** instructions walked since this state was made, not yet counted for its subprogram; copies begin at 0 */
  insnsSubtotal = 0;
  /** the same in all copies of this frame, another in each call (report/history.ts) */
  identity: object = NOBODY;
  /** references held when this frame called another */
  refsAtCall: readonly RefState[] = [];
  /** 7.x: outgoing arguments on the stack, and whether they may still be read */
  stackArgRegs: RegState[] = [];
  noStackArgLoad = false;

  constructor(callsite: number, frameno: number, subprogno: number) {
    this.callsite = callsite;
    this.frameno = frameno;
    this.subprogno = subprogno;
  }

  /** Fresh registers: all uninitialised but the frame pointer (kernel init_reg_state). */
  initRegs(precise: boolean): void {
    this.identity = {};
    for (let i = 0; i < MAX_BPF_REG; i++) {
      const r = new RegState();
      markRegNotInit(r, precise);
      r.epoch = clock.epoch;
      this.regs[i] = r;
    }
    const fp = this.regs[BPF_REG_FP]!;
    fp.type = PTR_TO_STACK;
    markRegKnownZero(fp);
    fp.frameno = this.frameno;
  }

  /** Shares registers and slots with the copy; raise the epoch once for the whole state. */
  clone(): FuncState {
    const f = new FuncState(this.callsite, this.frameno, this.subprogno);
    f.regs = this.regs.slice();
    f.stack = this.stack.slice();
    f.asyncEntryCnt = this.asyncEntryCnt;
    f.callbackRetRange = this.callbackRetRange;
    f.inCallbackFn = this.inCallbackFn;
    f.inAsyncCallbackFn = this.inAsyncCallbackFn;
    f.inExceptionCallbackFn = this.inExceptionCallbackFn;
    f.callbackDepth = this.callbackDepth;
    f.refsAtCall = this.refsAtCall;
    f.stackArgRegs = this.stackArgRegs.slice();
    f.noStackArgLoad = this.noStackArgLoad;
    f.identity = this.identity;
    return f;
  }

  /** The register, safe to change. */
  mut(i: number): RegState {
    const r = this.regs[i]!;
    if (r.epoch === clock.epoch) return r;
    const c = r.clone();
    c.epoch = clock.epoch;
    this.regs[i] = c;
    return c;
  }
  /** Puts a copy of `r` into register i, which keeps its own liveness (kernel copy_register_state). */
  set(i: number, r: RegState): RegState {
    const c = r.clone();
    c.epoch = clock.epoch;
    const old = this.regs[i]!;
    c.live = old.live;
    c.parent = old.parent;
    this.regs[i] = c;
    return c;
  }
  /** The same, liveness included: arguments of a called function, its result. */
  setWhole(i: number, r: RegState): RegState {
    const c = r.clone();
    c.epoch = clock.epoch;
    this.regs[i] = c;
    return c;
  }
  /** A blank register in place of i. */
  fresh(i: number): RegState {
    const c = new RegState();
    c.epoch = clock.epoch;
    this.regs[i] = c;
    return c;
  }
  /** Stack bytes in use, a multiple of 8. */
  get allocatedStack(): number {
    return this.stack.length * 8;
  }
  /** Grows to at least `bytes`; new slots are STACK_INVALID. */
  growStack(bytes: number): void {
    const n = Math.ceil(bytes / 8);
    while (this.stack.length < n) {
      const s = new StackSlot(EMPTY_REG);
      this.stack.push(s);
    }
  }
  /** The slot, safe to change its types or replace its register. */
  mutSlot(spi: number): StackSlot {
    const s = this.stack[spi]!;
    if (s.epoch === clock.epoch) return s;
    const c = new StackSlot(s.spilled);
    c.types = s.types;
    c.epoch = clock.epoch;
    this.stack[spi] = c;
    return c;
  }
  /** The spilled register of a slot, safe to change. */
  mutSpilled(spi: number): RegState {
    const s = this.mutSlot(spi);
    if (s.spilled.epoch === clock.epoch) return s.spilled;
    const c = s.spilled.clone();
    c.epoch = clock.epoch;
    s.spilled = c;
    return c;
  }
  /** Puts a copy of `r` into the slot. */
  setSpilled(spi: number, r: RegState): RegState {
    const c = r.clone();
    c.epoch = clock.epoch;
    const slot = this.mutSlot(spi);
    c.live = slot.spilled.live;
    c.parent = slot.spilled.parent;
    slot.spilled = c;
    return c;
  }
  mutStackArg(i: number): RegState {
    const r = this.stackArgRegs[i]!;
    if (r.epoch === clock.epoch) return r;
    const c = r.clone();
    c.epoch = clock.epoch;
    this.stackArgRegs[i] = c;
    return c;
  }
}
/** Stack slot index of a (negative) offset from the frame pointer. */
export const getSpi = (off: number): number => Math.trunc((-off - 1) / 8);
