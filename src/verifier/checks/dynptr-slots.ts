/** Dynptrs on the stack: marking, overwriting, invalidating their two slots (kernel mark_stack_slots_dynptr and neighbours). */
import type { Env } from "../state/env.ts";
import { allTypes, type FuncState, slotType, STACK_DYNPTR, STACK_INVALID } from "../state/frame.ts";
import { type DynptrType, markRegKnownZero, type RegState } from "../state/reg-state.ts";
import { CONST_PTR_TO_DYNPTR } from "../state/reg-type.ts";
import { forEachReg } from "../state/state.ts";
import { markSlotWritten } from "../passes/stack-live-marks.ts";
import { markRegInvalid } from "./packet-range.ts";
import { acquireReference, releaseReference } from "./refs.ts";
import { markNotInit } from "./reg-arg.ts";

/** Does a dynptr of that type hold something that must be given back? */
export const dynptrReferenced = (t: DynptrType): boolean => t === "ringbuf" || t === "file";

export function markDynptrReg(reg: RegState, type: DynptrType, first: boolean, id: number, parentId: number): void {
  markRegKnownZero(reg);
  reg.type = CONST_PTR_TO_DYNPTR;
  reg.id = id;
  reg.parentId = parentId;
  reg.dynptrType = type;
  reg.dynptrFirst = first;
}

/** The two slots at spi (upper) and spi-1 become a dynptr. `parent`: 7.1+, the reference or object it comes from; before, the reference itself. */
export function markDynptrSlots(env: Env, frame: FuncState, spi: number, type: DynptrType, parent: number, id: number): void {
  for (const [at, first] of [[spi, true], [spi - 1, false]] as const) {
    const reg = frame.mutSpilled(at);
    markDynptrReg(reg, type, first, id, env.f.ref_obj_ids ? 0 : parent);
    if (env.f.ref_obj_ids) reg.refObjId = parent;
    frame.mutSlot(at).types = allTypes(STACK_DYNPTR);
    markSlotWritten(env, frame, at);
    env.markSlotScratched(at);
  }
}
/** A reference for a dynptr that owns something. */
export const acquireDynptrRef = (env: Env, insnIdx: number, parent: number): number => acquireReference(env, insnIdx, env.f.ref_obj_ids ? 0 : parent);

/** The dynptr's slots become invalid; `spi` is either of the two (kernel invalidate_dynptr). */
export function invalidateDynptrSlot(env: Env, frame: FuncState, spi: number): void {
  const top = frame.stack[spi]!.spilled.dynptrFirst ? spi : spi + 1;
  for (const at of [top, top - 1]) {
    markNotInit(env, frame.mutSpilled(at));
    frame.mutSlot(at).types = allTypes(STACK_INVALID);
    markSlotWritten(env, frame, at);
    env.markSlotScratched(at);
  }
}

/** A plain write into a dynptr's slot destroys it, and its slices with it (kernel destroy_if_dynptr_stack_slot). */
export function destroyIfDynptrSlot(env: Env, frame: FuncState, spi: number): void {
  const slot = frame.stack[spi];
  if (!slot || slotType(slot.types, 7) !== STACK_DYNPTR || !env.f.dynptr_slots_watched) return;
  const top = slot.spilled.dynptrFirst ? spi : spi + 1;
  const { dynptrType, id, parentId, refObjId } = frame.stack[top]!.spilled;
  if (dynptrReferenced(dynptrType)) {
    let count = 0;
    forEachReg(env.curState, (r) => {
      if (r.dynptrFirst && (env.f.ref_obj_ids ? r.refObjId === refObjId : r.parentId === parentId)) count++;
    }, 1 << STACK_DYNPTR);
    if (!env.f.dynptr_clone_overwrite || count <= 1) env.fail("EINVAL", "cannot overwrite referenced dynptr");
  }
  env.markSlotScratched(top);
  env.markSlotScratched(top - 1);
  if (!env.f.ref_obj_ids) return releaseReference(env, id);
  invalidateDynptrSlot(env, frame, top);
  forEachReg(env.curState, (r, mut) => {
    if (r.dynptrId === id && id !== 0) markRegInvalid(env, mut());
  });
}
