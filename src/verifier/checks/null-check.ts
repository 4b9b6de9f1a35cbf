/** What a comparison with zero tells of a pointer that may be null (kernel mark_ptr_or_null_regs). */
import type { Env } from "../state/env.ts";
import { recordHasField } from "../state/maps.ts";
import { markRegKnownZero, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { forEachReg, type VState } from "../state/state.ts";
import { findReference, releaseReferenceNoMark } from "./refs.ts";

export function markPtrNotNull(r: RegState): void {
  if (T.baseType(r.type) !== T.PTR_TO_MAP_VALUE) {
    r.type &= ~T.PTR_MAYBE_NULL;
    return;
  }
  const map = r.map!;
  if (map.inner) {
    r.type = T.CONST_PTR_TO_MAP;
    r.map = map.inner;
    if (recordHasField(map.inner.record, "timer", "wq", "task_work")) r.mapUid = r.id;
  } else if (map.type === "xskmap") r.type = T.PTR_TO_XDP_SOCK;
  else if (map.type === "sockmap" || map.type === "sockhash") r.type = T.PTR_TO_SOCKET;
  else r.type = T.PTR_TO_MAP_VALUE;
}
function markOne(env: Env, r: RegState, isNull: boolean): void {
  if (!(T.typeIsPtrAllocObj(r.type) || T.typeIsNonOwningRef(r.type)) && (r.varOff.mask !== 0n || r.varOff.value !== 0n || r.off !== 0)) return;
  if (isNull) {
    markRegKnownZero(r);
    r.type = T.SCALAR_VALUE;
    return;
  }
  markPtrNotNull(r);
  if (env.f.ref_obj_ids && !hasLock(r) ) r.id = r.refObjId && env.f.keep_ref_id_on_null_check ? r.id : 0;
}
const hasLock = (r: RegState): boolean =>
  (T.baseType(r.type) === T.PTR_TO_MAP_VALUE && recordHasField(r.map?.record ?? null, "spin_lock", "res_spin_lock")) || T.typeIsPtrAllocObj(r.type);

export function markPtrOrNullRegs(env: Env, st: VState, regno: number, isNull: boolean): void {
  const reg = st.cur.regs[regno]!;
  const { id, refObjId } = reg;
  if (isNull) {
    if (env.f.ref_obj_ids) {
      if (refObjId && refObjId === id) releaseReferenceNoMark(env, st, id);
    } else if (findReference(st, id)) releaseReferenceNoMark(env, st, id);
  }
  forEachReg(st, (r, mut) => {
    if (T.typeMayBeNull(r.type) && r.id === id) markOne(env, mut(), isNull);
  });
}
