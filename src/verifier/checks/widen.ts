/** Loops converge by forgetting scalars that changed between iterations (kernel widen_imprecise_scalars, find_prev_entry). */
import type { Env } from "../state/env.ts";
import { BPF_REG_FP, isSpilledReg } from "../state/frame.ts";
import { type RegState, sameUpToId } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import { IdMap } from "../passes/states-equal.ts";
import { exploredStates } from "../passes/visited.ts";
import { markUnknown } from "./reg-arg.ts";

/** The checkpoint at insnIdx that the path last passed, of the same call chain. */
export function findPrevEntry(env: Env, cur: VState | null, insnIdx: number): VState | null {
  if (!cur) return null;
  for (const e of exploredStates(env, insnIdx)) {
    const st = e.state;
    if (st.insnIdx === insnIdx && st.branches > 0 && sameCallsites(st, cur) && st.dfsDepth < cur.dfsDepth) return st;
  }
  return null;
}
function sameCallsites(a: VState, b: VState): boolean {
  if (a.curframe !== b.curframe) return false;
  for (let i = a.curframe; i >= 0; i--) if (a.frames[i]!.callsite !== b.frames[i]!.callsite) return false;
  return true;
}
/** Releases before 7.0 also compare the ids, up to renaming (regs_exact); later ones look past them (scalars_exact_for_widen). */
const sameIds = (env: Env, a: RegState, b: RegState, m: IdMap): boolean =>
  env.f.scalar_ids_zero_ok || (m.check(a.id, b.id, env.f.ids_one_to_one) && m.check(a.refObjId, b.refObjId, env.f.ids_one_to_one));
function widenReg(env: Env, old: RegState, cur: RegState, m: IdMap, mut: () => RegState): void {
  if (old.type !== SCALAR_VALUE || cur.type !== SCALAR_VALUE || old.precise || cur.precise) return;
  if (sameUpToId(old, cur) && sameIds(env, old, cur, m)) return;
  markUnknown(env, mut());
}
export function widenImpreciseScalars(env: Env, old: VState, cur: VState): void {
  const m = new IdMap(env.idGen);
  for (let fr = old.curframe; fr >= 0; fr--) {
    const of = old.frames[fr]!, cf = cur.frames[fr]!;
    for (let i = 0; i < BPF_REG_FP; i++) widenReg(env, of.regs[i]!, cf.regs[i]!, m, () => cf.mut(i));
    for (let i = 0; i < of.stack.length && i < cf.stack.length; i++) {
      if (!isSpilledReg(of.stack[i]!) || !isSpilledReg(cf.stack[i]!)) continue;
      widenReg(env, of.stack[i]!.spilled, cf.stack[i]!.spilled, m, () => cf.mutSpilled(i));
    }
  }
}
