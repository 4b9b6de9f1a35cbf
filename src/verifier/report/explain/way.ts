/** The way a path took, walked backwards one instruction at a time, and where a register got its value on it. */
import { BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CMPXCHG, BPF_FETCH, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_PSEUDO_CALL, BPF_STX, bpfClass, bpfMode, OP_CALL, OP_EXIT, OP_LD_IMM64 } from "../../../isa/table.ts";
import type { Insn } from "../../../isa/types.ts";
import type { Env } from "../../state/env.ts";
import { type TrailStep, trailSteps } from "../trail.ts";

/** A moment on the way: before the instruction at `pos`, in frame `frame`; `step` is the last step of the trail that lies behind it. */
export interface Moment { readonly pos: number; readonly step: number; readonly frame: number }

export type Definition =
  /** written by the instruction at that moment */
  | { kind: "insn"; at: Moment }
  /** an argument of the function that frame 0 began with, or of a callback */
  | { kind: "entry"; callback: boolean }
  /** an argument: look at the same register at the call */
  | { kind: "passed"; at: Moment }
  /** the result of one of the program's own functions */
  | { kind: "returned"; subprog: number }
  /** lost in a call, or before what is remembered of the way */
  | { kind: "lost" };

/** Instructions looked at for one explanation, over all questions. */
const BUDGET = 60_000;

export class Way {
  readonly env: Env;
  readonly steps: readonly TrailStep[];
  private budget = BUDGET;

  constructor(env: Env) {
    this.env = env;
    this.steps = trailSteps(env.trail);
  }
  /** Where the walk stands: before the instruction that is being checked. */
  now(): Moment {
    return { pos: this.env.insnIdx, step: this.steps.length - 1, frame: this.env.curState.curframe };
  }
  /** Before the conditional jump (or call) of a step. */
  before(step: number): Moment {
    const s = this.steps[step]!;
    return { pos: s.from, step: step - 1, frame: s.frame };
  }
  /** The instruction that ran before; `crossed` when the flow did not simply go on. Null at the beginning, or where the way is not remembered. */
  back(m: Moment): { at: Moment; crossed: TrailStep | null } | null {
    if (this.budget-- <= 0) return null;
    const { insns } = this.env;
    const s = this.steps[m.step];
    if (s && s.to === m.pos) return { at: { pos: s.from, step: s.dropped > 0 ? -2 : m.step - 1, frame: s.frame }, crossed: s };
    if (m.step === -2) return null;
    const wide = m.pos >= 2 && insns[m.pos - 1]!.code === 0 && insns[m.pos - 2]!.code === OP_LD_IMM64;
    const pos = m.pos - (wide ? 2 : 1);
    const first = s ? s.to : this.start();
    return pos < first ? null : { at: { pos, step: m.step, frame: m.frame }, crossed: null };
  }
  private start(): number {
    const { env } = this;
    return env.subprogs[env.curState.frames[0]!.subprogno]?.start ?? 0;
  }
  /** Where `reg` of the moment's frame was written last. */
  define(reg: number, m0: Moment): Definition {
    const { insns } = this.env;
    for (let m = m0; ; ) {
      const prev = this.back(m);
      if (!prev) return m.step === -2 || this.budget <= 0 || m.frame !== 0 ? { kind: "lost" } : { kind: "entry", callback: false };
      const { at, crossed } = prev;
      const insn = insns[at.pos]!;
      if (crossed && insn.code === OP_EXIT) {
        // back from behind a call into the function called
        if (m.frame === m0.frame) {
          if (reg === 0) return { kind: "returned", subprog: this.env.findContainingSubprog(at.pos) };
          if (reg <= 5) return { kind: "lost" };
        }
      } else if (crossed && insn.code === OP_CALL && this.env.findSubprog(crossed.to) >= 0 && crossed.to !== at.pos + 1) {
        if (m.frame === m0.frame) {
          if (insn.src !== BPF_PSEUDO_CALL) return { kind: "entry", callback: true };
          return reg >= 1 && reg <= 5 ? { kind: "passed", at } : { kind: "lost" };
        }
      } else if (at.frame === m0.frame && writes(insn, reg)) return { kind: "insn", at };
      m = at;
    }
  }
  /** The store that filled the eight bytes at `off` from the frame pointer, when nothing else can have changed them since. */
  stored(off: number, size: number, m0: Moment): Moment | null {
    const { insns } = this.env;
    const shared = this.addressTaken(m0.pos, off);
    for (let m = m0; ; ) {
      const prev = this.back(m);
      if (!prev) return null;
      const { at } = prev;
      const insn = insns[at.pos]!;
      if (insn.code === OP_CALL && shared) return null;
      if (at.frame === m0.frame && (bpfClass(insn.code) === BPF_STX || bpfClass(insn.code) === 2)) {
        const width = [4, 2, 1, 8][(insn.code >> 3) & 3]!;
        if (insn.dst === 10) {
          if (insn.off === off && width === size && bpfMode(insn.code) !== BPF_ATOMIC) return at;
          if (insn.off < off + size && insn.off + width > off) return null;
        } else if (shared) return null;
      }
      m = at;
    }
  }
  /** Does the function take an address at or below that stack offset? Then whoever gets it may write there. */
  private addressTaken(pos: number, off: number): boolean {
    const { env } = this;
    const i = env.findContainingSubprog(pos);
    const end = env.subprogs[i + 1]?.start ?? env.insns.length;
    for (let k = env.subprogs[i]!.start; k < end; k++) {
      const insn = env.insns[k]!;
      if (insn.code !== 0xbf || insn.src !== 10) continue;
      const next = env.insns[k + 1];
      const base = next && next.code === 0x07 && next.dst === insn.dst ? next.imm : -512;
      if (base <= off) return true;
    }
    return false;
  }
}

function writes(insn: Insn, reg: number): boolean {
  switch (bpfClass(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
    case BPF_LDX:
      return insn.dst === reg;
    case BPF_LD:
      return insn.code === OP_LD_IMM64 ? insn.dst === reg : reg <= 5;
    case BPF_STX:
      if (bpfMode(insn.code) !== BPF_ATOMIC) return false;
      if (insn.imm === BPF_LOAD_ACQ) return insn.dst === reg;
      if (insn.imm === BPF_CMPXCHG) return reg === 0;
      return (insn.imm & BPF_FETCH) !== 0 && insn.src === reg;
    default:
      return insn.code === OP_CALL && reg <= 5;
  }
}
