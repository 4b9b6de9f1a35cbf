/**
 * The way a path took, for explanations: every place where the flow did not simply go on, and at each conditional jump
 * what was known of the registers compared. Kept in the walk that also prints, never in the fast one.
 *
 * A trail is a list from its newest step back. Long loops would make it endless, so now and then its middle is dropped:
 * the first and the last steps are what a reader wants.
 */
import { BPF_LDX, bpfClass } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import { clock, type FuncState } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import { baseType, PTR_TO_BTF_ID } from "../state/reg-type.ts";

/** What a conditional jump compared. `…After` is what the side taken learnt. */
export interface Compared {
  readonly taken: boolean;
  /** the verifier knew the outcome: the other way was not explored */
  readonly decided: boolean;
  readonly dst: RegState;
  readonly src: RegState | null;
  readonly dstAfter: RegState;
  readonly srcAfter: RegState | null;
}
export interface TrailStep {
  readonly prev: TrailStep | null;
  /** steps in the list, this one included */
  readonly length: number;
  readonly from: number;
  readonly to: number;
  /** frame number the instruction ran in */
  readonly frame: number;
  readonly compared: Compared | null;
  /** steps left out between `prev` and this one */
  readonly dropped: number;
}

const KEPT_FIRST = 48;
const KEPT_LAST = 160;
const MAX_LENGTH = 640;

function append(prev0: TrailStep | null, from: number, to: number, frame: number, compared: Compared | null, dropped = 0): TrailStep {
  const prev = prev0 !== null && prev0.length >= MAX_LENGTH ? shorten(prev0) : prev0;
  return { prev, length: (prev?.length ?? 0) + 1, from, to, frame, compared, dropped };
}
/** In the middle of a very long path: neither its first steps nor near its end. */
const inMiddle = (env: Env): boolean => env.log.silent && (env.trail?.length ?? 0) >= KEPT_FIRST;
function shorten(last: TrailStep): TrailStep {
  const all = trailSteps(last);
  const tail = all.slice(-KEPT_LAST);
  const dropped = all.slice(KEPT_FIRST, -KEPT_LAST).reduce((n, s) => n + 1 + s.dropped, 0);
  return [...all.slice(0, KEPT_FIRST), ...tail.map((s, i) => (i === 0 ? { ...s, dropped: s.dropped + dropped } : s))]
    .reduce<TrailStep | null>((prev, s) => ({ ...s, prev, length: (prev?.length ?? 0) + 1 }), null)!;
}
/** Oldest first. */
export function trailSteps(last: TrailStep | null): TrailStep[] {
  const out: TrailStep[] = [];
  for (let s = last; s; s = s.prev) out.push(s);
  return out.reverse();
}

const copyOf = (frame: FuncState, regno: number): RegState => frame.regs[regno]!.clone();

/**
 * A conditional jump. To be called when both sides know what they learn; `other` is the state put aside for the jump's
 * target, null where the outcome was known and only `taken` is followed.
 */
export function recordBranch(env: Env, insn: Insn, byReg: boolean, dst: RegState, src: RegState, taken: boolean, pushed: boolean): void {
  if (!pushed && inMiddle(env)) return;
  const at = env.insnIdx;
  const frame = env.cur;
  const before = { dst: dst.clone(), src: byReg ? src.clone() : null };
  const after = (f: FuncState): Pick<Compared, "dstAfter" | "srcAfter"> => ({ dstAfter: copyOf(f, insn.dst), srcAfter: byReg ? copyOf(f, insn.src) : null });
  if (pushed) {
    const elem = env.stack[env.stack.length - 1]!;
    elem.trail = append(env.trail, at, elem.insnIdx, frame.frameno, { ...before, ...after(elem.st.cur), taken: true, decided: false });
  }
  env.comparing = { ...before, ...after(frame), taken, decided: !pushed };
}
/** Before an instruction: keeps its registers as they are, for whoever explains why it was refused. Raising the epoch makes every change a copy. */
export function rememberInsn(env: Env): void {
  const { regs } = env.cur;
  if (env.plan?.isLast(env) !== false) {
    clock.epoch++;
    env.regsBefore = regs.slice();
  }
  const insn = env.insn;
  if (bpfClass(insn.code) !== BPF_LDX) return;
  const base = regs[insn.src]!;
  if (baseType(base.type) === PTR_TO_BTF_ID && base.btf && base.varOff.mask === 0n) env.loadedFrom[env.insnIdx] = { btf: base.btf, id: base.btfId, off: Number(BigInt.asIntN(64, base.varOff.value)) + base.off + insn.off };
}
/** After an instruction: the flow went from `from` to env.insnIdx. `frame`: the frame it ran in. */
export function recordFlow(env: Env, from: number, frame: number): void {
  const to = env.insnIdx;
  const { comparing } = env;
  env.comparing = null;
  if (inMiddle(env)) {
    env.trailSkipped++;
    return;
  }
  if (comparing === null && (to === from + 1 || (to === from + 2 && env.insns[from]!.code === 0x18))) return;
  env.trail = append(env.trail, from, to, frame, comparing, env.trailSkipped);
  env.trailSkipped = 0;
}
/** A path put aside is taken up. */
export function resumeTrail(env: Env, trail: TrailStep | null, from: number, to: number): void {
  env.comparing = null;
  const frame = env.curState.curframe;
  env.trail = trail?.from === from && trail.to === to && trail.compared ? trail : append(trail, from, to, frame, null);
}
