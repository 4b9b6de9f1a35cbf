/**
 * Dynptrs as 6.1 has them: two slots of the stack, known by their type only. Nothing watches what is written over them;
 * a reference lost that way is missed at the program's end (kernel mark_stack_slots_dynptr, unmark_stack_slots_dynptr).
 */
import type { Env } from "../state/env.ts";
import { allTypes, type FuncState, getSpi, slotType, STACK_DYNPTR, STACK_INVALID } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { dynptrTypeOf } from "./dynptr.ts";
import { dynptrReferenced } from "./dynptr-slots.ts";
import type { CallMeta } from "./helper-args.ts";
import { checkMemAccess } from "./mem.ts";
import { acquireReference, releasable, releaseReference } from "./refs.ts";

/** The frame and the upper slot, where both slots exist. */
function place(env: Env, reg: RegState): { frame: FuncState; spi: number } | undefined {
  const frame = env.frameOf(reg);
  const spi = getSpi(reg.off);
  return spi >= 1 && spi < frame.stack.length ? { frame, spi } : undefined;
}
const eachByte = (frame: FuncState, spi: number, test: (type: number) => boolean): boolean => {
  for (let i = 0; i < 8; i++) if (!test(slotType(frame.stack[spi]!.types, i)) || !test(slotType(frame.stack[spi - 1]!.types, i))) return false;
  return true;
};

/** Is it a reference that can be given back? `regno` names it in the message. */
export function checkOldDynptrRelease(env: Env, reg: RegState, regno: number): void {
  const at = place(env, reg);
  if (!at || !at.frame.stack[at.spi]!.spilled.id) env.fail("EINVAL", `arg ${regno} is an unacquired reference`);
}

/** @param flags of the argument type: MEM_UNINIT, DYNPTR_TYPE_* */
export function processOldDynptr(env: Env, regno: number, flags: number, meta: CallMeta): void {
  const reg = env.reg(regno);
  if (T.baseType(reg.type) === T.CONST_PTR_TO_DYNPTR) return;
  const at = place(env, reg);
  if (flags & T.MEM_UNINIT) {
    if (at && !eachByte(at.frame, at.spi, (t) => t !== STACK_DYNPTR)) env.fail("EINVAL", "Dynptr has to be an uninitialized dynptr");
    meta.newDynptr = { regno, flags };
    return;
  }
  if (!oldDynptrValid(env, reg)) env.fail("EINVAL", `Expected an initialized dynptr as arg #${regno}`);
  const slot = at!.frame.stack[at!.spi]!.spilled;
  const want = dynptrTypeOf(flags);
  if (want !== "invalid" && slot.dynptrType !== want) env.fail("EINVAL", `Expected a dynptr of type ${want} as arg #${regno}`);
  meta.dynptrType = slot.dynptrType;
  meta.dynptrId = slot.id;
  meta.dynptrRefObjId = slot.id;
}
/** Are both slots there, and whole? */
export function oldDynptrValid(env: Env, reg: RegState): boolean {
  const at = place(env, reg);
  return at !== undefined && at.frame.stack[at.spi]!.spilled.dynptrFirst && eachByte(at.frame, at.spi, (t) => t === STACK_DYNPTR);
}

/** The dynptr that the helper makes, once all its arguments were looked at. */
export function makeOldDynptr(env: Env, insnIdx: number, { regno, flags }: { regno: number; flags: number }): void {
  for (let off = 0; off < 16; off += 8) checkMemAccess(env, insnIdx, env.reg(regno), regno, off, 8, "write", -1, false, false);
  const at = place(env, env.reg(regno));
  if (!at) return env.failSilently("EINVAL");
  const { frame, spi } = at;
  const type = dynptrTypeOf(flags);
  if (type === "invalid") env.failSilently("EINVAL");
  const id = dynptrReferenced(type) ? acquireReference(env, insnIdx) : 0;
  for (const s of [spi, spi - 1]) {
    const r = frame.mutSpilled(s);
    r.dynptrType = type;
    r.dynptrFirst = s === spi;
    if (id) r.id = id;
    frame.mutSlot(s).types = allTypes(STACK_DYNPTR);
    env.markSlotScratched(s);
  }
}

/** Gives the dynptr back: its slots are free, its slices gone. */
export function releaseOldDynptr(env: Env, reg: RegState): void {
  const at = place(env, reg);
  if (!at) return env.failSilently("EINVAL");
  const { frame, spi } = at;
  for (const s of [spi, spi - 1]) frame.mutSlot(s).types = allTypes(STACK_INVALID);
  const { dynptrType, id } = frame.stack[spi]!.spilled;
  const owned = dynptrReferenced(dynptrType);
  // In a callback the caller's reference stays; the kernel does not look at what became of its release (6.1 unmark_stack_slots_dynptr).
  if (owned && releasable(env, env.curState, id) >= 0) releaseReference(env, id);
  for (const s of [spi, spi - 1]) {
    const r = frame.mutSpilled(s);
    if (owned) r.id = 0;
    r.dynptrFirst = false;
    r.dynptrType = "invalid";
  }
}
