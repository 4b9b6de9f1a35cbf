/**
 * Comparing states as releases before 6.3 do: ids and references must be the very same, save where a pointer may be null
 * or points into a packet (kernel states_equal, regsafe, stacksafe, refsafe of 5.10 and 6.1).
 */
import { tnumIn } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import { type FuncState, isSpilledReg, MAX_BPF_REG, slotType, STACK_INVALID, STACK_MISC, STACK_ZERO } from "../state/frame.ts";
import { type RegState, sameTypeData, sameUpToId } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { RefState, VState } from "../state/state.ts";
import { REG_LIVE_READ } from "./live-marks.ts";

/** id of the old state → id of the current one, for one frame */
type Ids = Map<number, number>;

function sameId(ids: Ids, old: number, cur: number): boolean {
  const known = ids.get(old);
  if (known !== undefined) return known === cur;
  ids.set(old, cur);
  return true;
}

function regsafe(env: Env, o: RegState, c: RegState, ids: Ids): boolean {
  if ((o.live & REG_LIVE_READ) === 0) return true;
  const equal = sameUpToId(o, c) && o.id === c.id && o.refObjId === c.refObjId;
  if (o.type === T.PTR_TO_STACK) return equal && o.frameno === c.frameno;
  if (equal || o.type === T.NOT_INIT) return true;
  const within = (): boolean => env.dom.within(o, c) && tnumIn(o.varOff, c.varOff);
  switch (T.baseType(o.type)) {
    case T.SCALAR_VALUE:
      if (env.exploreAluLimits || c.type !== T.SCALAR_VALUE) return false;
      return !o.precise || within();
    case T.PTR_TO_MAP_KEY:
    case T.PTR_TO_MAP_VALUE:
      if (!sameTypeData(o, c)) return false;
      return T.typeMayBeNull(o.type) ? sameId(ids, o.id, c.id) : within();
    case T.PTR_TO_PACKET_META:
    case T.PTR_TO_PACKET:
      if (o.type !== c.type || o.off !== c.off) return false;
      if (o.range < 0 || c.range < 0 ? o.range !== c.range : o.range > c.range) return false;
      return (o.id === 0 || sameId(ids, o.id, c.id)) && within();
    default:
      return false;
  }
}

function stacksafe(env: Env, o: FuncState, c: FuncState, ids: Ids): boolean {
  for (let spi = 0; spi < o.stack.length; spi++) {
    const os = o.stack[spi]!, cs = c.stack[spi];
    if ((os.spilled.live & REG_LIVE_READ) === 0) continue;
    for (let i = 0; i < 8; i++) {
      const ot = slotType(os.types, i);
      if (ot === STACK_INVALID || (env.allowUninitStack && ot === STACK_MISC)) continue;
      if (!cs) return false;
      const ct = slotType(cs.types, i);
      if (ot === STACK_MISC && ct === STACK_ZERO) continue;
      if (ot !== ct) return false;
      if (i === 7 && isSpilledReg(os) && !regsafe(env, os.spilled, cs.spilled, ids)) return false;
    }
  }
  return true;
}

const refsOf = (st: VState, frame: number): readonly RefState[] => (frame === st.curframe ? st.refs : st.frames[frame]!.refsAtCall);
function refsafe(o: readonly RefState[], c: readonly RefState[]): boolean {
  return o === c || (o.length === c.length && o.every((a, i) => a.id === c[i]!.id && a.insnIdx === c[i]!.insnIdx && a.callbackRef === c[i]!.callbackRef));
}

export function oldStatesEqual(env: Env, o: VState, c: VState): boolean {
  if (o.curframe !== c.curframe || (o.speculative && !c.speculative) || o.activeLockId !== c.activeLockId) return false;
  for (let f = 0; f <= o.curframe; f++) {
    const of = o.frames[f]!, cf = c.frames[f]!;
    if (of.callsite !== cf.callsite) return false;
    const ids: Ids = new Map();
    for (let i = 0; i < MAX_BPF_REG; i++) if (!regsafe(env, of.regs[i]!, cf.regs[i]!, ids)) return false;
    if (!stacksafe(env, of, cf, ids) || !refsafe(refsOf(o, f), refsOf(c, f))) return false;
  }
  return true;
}
