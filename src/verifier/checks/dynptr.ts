/** Dynptr arguments (kernel process_dynptr_func). */
import { markSlotRead } from "../passes/stack-live-marks.ts";
import type { Env } from "../state/env.ts";
import { allTypes, STACK_DYNPTR } from "../state/frame.ts";
import type { DynptrType, RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { acquireDynptrRef, destroyIfDynptrSlot, dynptrReferenced, invalidateDynptrSlot, markDynptrSlots } from "./dynptr-slots.ts";
import { hasSuffix, type KfuncMeta } from "./kfunc/meta.ts";
import { is } from "./kfunc/special.ts";
import { stackObjectSpi } from "./kfunc/stack-object.ts";
import { checkMemAccess } from "./mem.ts";
import { releaseReference } from "./refs.ts";

const FLAGS: readonly (readonly [number, DynptrType])[] = [
  [T.DYNPTR_TYPE_LOCAL, "local"], [T.DYNPTR_TYPE_RINGBUF, "ringbuf"], [T.DYNPTR_TYPE_SKB, "skb"], [T.DYNPTR_TYPE_XDP, "xdp"],
  [T.DYNPTR_TYPE_SKB_META, "skb_meta"], [T.DYNPTR_TYPE_FILE, "file"],
];
/** Dynptr type that an argument type's flags name. */
export const dynptrTypeOf = (flags: number): DynptrType => FLAGS.find(([f]) => flags & f)?.[1] ?? "invalid";
/** Type flag of memory that a dynptr's slice is. */
export const dynptrTypeFlag = (t: DynptrType): number => FLAGS.find(([, name]) => name === t)?.[0] ?? 0;

/** What a call learns of the dynptr it is given. */
interface DynptrMeta { dynptrId: number; dynptrType: DynptrType; dynptrRefObjId: number; refObjId: number }

/** How this release names an argument in these messages. */
const argOf = (env: Env, regno: number): string => (env.f.kfunc_args_named_by_register ? `R${regno}` : `arg #${env.f.dynptr_args_from_one ? regno : regno - 1}`);

/** @param flags of the argument type: MEM_UNINIT, OBJ_RELEASE, DYNPTR_TYPE_* */
export function processDynptrFunc(env: Env, regno: number, insnIdx: number, flags: number, meta: DynptrMeta): void {
  const reg = env.reg(regno);
  if (reg.type !== T.PTR_TO_STACK && reg.type !== T.CONST_PTR_TO_DYNPTR)
    env.failReported("EINVAL", `${env.f.kfunc_args_named_by_register ? `R${regno}` : `arg#${regno - 1}`} expected pointer to stack or const struct bpf_dynptr`);
  if (flags & T.MEM_UNINIT) return construct(env, regno, insnIdx, flags, meta);
  if (reg.type === T.CONST_PTR_TO_DYNPTR && flags & T.OBJ_RELEASE) env.failReported("EINVAL", "CONST_PTR_TO_DYNPTR cannot be released");
  const slot = initialised(env, reg);
  if (!slot) env.failReported("EINVAL", `Expected an initialized dynptr as ${argOf(env, regno)}`);
  const want = dynptrTypeOf(flags);
  if (want !== "invalid" && slot.dynptrType !== want) env.failReported("EINVAL", `Expected a dynptr of type ${want} as ${argOf(env, regno)}`);
  meta.dynptrId = slot.id;
  meta.dynptrType = slot.dynptrType;
  meta.dynptrRefObjId = env.f.ref_obj_ids ? slot.refObjId : slot.parentId;
  if (env.f.ref_obj_ids && slot.refObjId) meta.refObjId = slot.refObjId;
}

/** The dynptr's own register state, when there is a whole one at that place. */
function initialised(env: Env, reg: RegState): RegState | undefined {
  if (reg.type === T.CONST_PTR_TO_DYNPTR) return reg;
  const spi = stackObjectSpi(env, reg, "dynptr", 2);
  if (typeof spi !== "number") return undefined;
  const frame = env.frameOf(reg);
  const { stack } = frame;
  const whole = allTypes(STACK_DYNPTR);
  if (stack[spi]!.types !== whole || stack[spi - 1]!.types !== whole || !stack[spi]!.spilled.dynptrFirst) return undefined;
  for (const at of [spi, spi - 1]) {
    markSlotRead(env, frame, at);
    if (env.f.log_dynptr_reads) env.markSlotScratched(at);
  }
  return stack[spi]!.spilled;
}

function construct(env: Env, regno: number, insnIdx: number, flags: number, meta: DynptrMeta): void {
  const reg = env.reg(regno);
  if (reg.type === T.CONST_PTR_TO_DYNPTR || stackObjectSpi(env, reg, "dynptr", 2) === "bad") env.failReported("EINVAL", "Dynptr has to be an uninitialized dynptr");
  for (let at = 0; at < 16; at += 8) checkMemAccess(env, insnIdx, env.reg(regno), regno, at, 8, "write", -1, false, false);
  const now = env.reg(regno);
  const spi = stackObjectSpi(env, now, "dynptr", 2);
  if (typeof spi !== "number") return env.failSilently("EINVAL");
  const frame = env.frameOf(now);
  destroyIfDynptrSlot(env, frame, spi);
  destroyIfDynptrSlot(env, frame, spi - 1);
  const type = dynptrTypeOf(flags);
  if (type === "invalid") env.failSilently("EINVAL");
  // Where references have ids of their own, the dynptr takes its id before its reference does.
  const early = env.f.ref_obj_ids ? env.newId() : undefined;
  let parent: number;
  if (meta.dynptrType !== "invalid") parent = meta.dynptrRefObjId;
  else {
    parent = env.f.ref_obj_ids ? 0 : meta.refObjId;
    if (dynptrReferenced(type)) parent = acquireDynptrRef(env, insnIdx, parent);
  }
  markDynptrSlots(env, frame, spi, type, parent, early ?? env.newId());
}

const CONSTRUCTORS: Readonly<Record<string, number>> = {
  bpf_dynptr_from_skb: T.DYNPTR_TYPE_SKB, bpf_dynptr_from_xdp: T.DYNPTR_TYPE_XDP, bpf_dynptr_from_skb_meta: T.DYNPTR_TYPE_SKB_META,
  bpf_dynptr_from_file: T.DYNPTR_TYPE_FILE, bpf_dynptr_file_discard: T.DYNPTR_TYPE_FILE | T.OBJ_RELEASE,
};
/** A dynptr as argument of a kfunc: made, cloned or used. */
export function processDynptrArg(env: Env, meta: KfuncMeta, regno: number, insnIdx: number): void {
  const p = meta.proto.params[regno - 1]!;
  let flags = hasSuffix(p, "__uninit") ? T.MEM_UNINIT : 0;
  if (meta.vmlinux) flags |= CONSTRUCTORS[meta.name] ?? 0;
  if (is(meta, "bpf_dynptr_clone") && flags & T.MEM_UNINIT) {
    if (meta.dynptrType === "invalid") env.bug("no dynptr type for parent of clone");
    flags |= dynptrTypeFlag(meta.dynptrType);
  }
  processDynptrFunc(env, regno, insnIdx, flags, meta);
}

/** Gives back a dynptr: it, its clones and all slices of them end (kernel unmark_stack_slots_dynptr). */
export function releaseDynptr(env: Env, reg: RegState): void {
  const spi = stackObjectSpi(env, reg, "dynptr", 2);
  if (typeof spi !== "number") return env.failSilently("EINVAL");
  const frame = env.frameOf(reg);
  const { dynptrType, id, parentId, refObjId } = frame.stack[spi]!.spilled;
  if (!env.f.ref_obj_ids) return releaseReference(env, dynptrReferenced(dynptrType) ? parentId : id);
  if (!dynptrReferenced(dynptrType)) return invalidateDynptrSlot(env, frame, spi);
  releaseReference(env, refObjId);
  for (const f of env.curState.frames)
    for (let at = 1; at < f.stack.length; at++) {
      const slot = f.stack[at]!;
      if (slot.types === allTypes(STACK_DYNPTR) && slot.spilled.dynptrFirst && slot.spilled.refObjId === refObjId) invalidateDynptrSlot(env, f, at);
    }
}
