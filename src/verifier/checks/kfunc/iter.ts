/** Open-coded iterators: their slots on the stack and the fork at each next() (kernel process_iter_arg, process_iter_next_call). */
import { type Btf, BtfKind } from "../../../btf/types.ts";
import { markSlotRead, markSlotWritten } from "../../passes/stack-live-marks.ts";
import type { Env } from "../../state/env.ts";
import { allTypes, slotType, STACK_INVALID, STACK_ITER } from "../../state/frame.ts";
import { clearTypeData, markRegKnownZero, type RegState } from "../../state/reg-state.ts";
import { MEM_RCU, PTR_TO_STACK, PTR_UNTRUSTED, SCALAR_VALUE } from "../../state/reg-type.ts";
import type { VState } from "../../state/state.ts";
import { checkMemAccess } from "../mem.ts";
import { markPtrNotNull } from "../null-check.ts";
import { acquireReference, releaseReference } from "../refs.ts";
import { markNotInit } from "../reg-arg.ts";
import { findPrevEntry, widenImpreciseScalars } from "../widen.ts";
import { argName, type KfuncMeta, pointee } from "./meta.ts";
import { stackObjectSpi } from "./stack-object.ts";

/** `num` of `struct bpf_iter_num` */
const iterName = (btf: Btf, id: number): string => (btf.type(id)?.name ?? "").replace(/^bpf_iter_/, "");
/** Older releases put a space before the number in these messages. */
const iterArgName = (env: Env, i: number): string => (env.f.kfunc_args_named_by_register ? argName(env, i) : `arg #${i}`);

/** The iterator struct a parameter points to: named bpf_iter_*, of whole slots (kernel btf_check_iter_arg). */
function iterType(meta: KfuncMeta, i: number): { id: number; size: number } | undefined {
  const param = meta.proto.params[i];
  const to = param && pointee(meta.btf, param.type);
  if (!to || to.type.kind !== BtfKind.STRUCT || !to.type.name.startsWith("bpf_iter_") || to.type.name === "bpf_iter_") return undefined;
  const { size } = to.type;
  return size > 0 && size % 8 === 0 ? { id: to.id, size } : undefined;
}

function validUninit(env: Env, reg: RegState, slots: number): boolean {
  const spi = stackObjectSpi(env, reg, "iter", slots);
  if (spi === "beyond") return true;
  if (spi === "bad") return false;
  const { stack } = env.frameOf(reg);
  for (let i = 0; i < slots; i++) for (let j = 0; j < 8; j++) if (slotType(stack[spi - i]!.types, j) === STACK_ITER) return false;
  return true;
}
function validInit(env: Env, reg: RegState, btf: Btf, btfId: number, slots: number): number | "EINVAL" | "EPROTO" {
  const spi = stackObjectSpi(env, reg, "iter", slots);
  if (typeof spi !== "number") return "EINVAL";
  const { stack } = env.frameOf(reg);
  for (let i = 0; i < slots; i++) {
    const slot = stack[spi - i]!;
    const st = slot.spilled;
    const iter = slot.types === allTypes(STACK_ITER);
    const id = env.f.ref_obj_ids ? st.refObjId : st.id;
    // what a slot holds besides its type is only meant for slots that are an iterator's
    if (iter && st.type & PTR_UNTRUSTED) return "EPROTO";
    if (!iter || (i === 0) !== (id !== 0) || st.btf !== btf || st.btfId !== btfId) return "EINVAL";
  }
  return spi;
}

function markSlots(env: Env, meta: KfuncMeta, reg: RegState, insnIdx: number, btfId: number, slots: number): void {
  const spi = stackObjectSpi(env, reg, "iter", slots);
  if (typeof spi !== "number") return env.failSilently(spi === "beyond" ? "ERANGE" : "EINVAL");
  const frame = env.frameOf(reg);
  const id = acquireReference(env, insnIdx);
  for (let i = 0; i < slots; i++) {
    const st = frame.mutSpilled(spi - i);
    markRegKnownZero(st);
    st.type = PTR_TO_STACK;
    if (meta.flags.has("KF_RCU_PROTECTED")) st.type |= env.inRcuCs() ? MEM_RCU : PTR_UNTRUSTED;
    if (env.f.ref_obj_ids) st.refObjId = i === 0 ? id : 0;
    else st.id = i === 0 ? id : 0;
    st.btf = meta.btf;
    st.btfId = btfId;
    st.iterState = "active";
    st.iterDepth = 0;
    frame.mutSlot(spi - i).types = allTypes(STACK_ITER);
    markSlotWritten(env, frame, spi - i);
    env.markSlotScratched(spi - i);
  }
}
function unmarkSlots(env: Env, reg: RegState, spi: number, slots: number): void {
  const frame = env.frameOf(reg);
  for (let i = 0; i < slots; i++) {
    const old = frame.stack[spi - i]!.spilled;
    if (i === 0) releaseReference(env, env.f.ref_obj_ids ? old.refObjId : old.id);
    markNotInit(env, frame.mutSpilled(spi - i));
    frame.mutSlot(spi - i).types = allTypes(STACK_INVALID);
    markSlotWritten(env, frame, spi - i);
    env.markSlotScratched(spi - i);
  }
}

/** An argument that is an iterator: made by new, in use for next and others, ended by destroy. */
export function processIterArg(env: Env, meta: KfuncMeta, i: number, insnIdx: number): void {
  const regno = i + 1;
  const reg = env.reg(regno);
  if (reg.type !== PTR_TO_STACK) env.fail("EINVAL", `${argName(env, i)} expected pointer to an iterator on stack`);
  const type = iterType(meta, i);
  if (!type) return env.fail("EINVAL", `expected valid iter pointer as ${iterArgName(env, i)}`);
  const slots = type.size / 8;
  const name = iterName(meta.btf, type.id);
  if (meta.flags.has("KF_ITER_NEW")) {
    if (!validUninit(env, reg, slots)) env.fail("EINVAL", `expected uninitialized iter_${name} as ${iterArgName(env, i)}`);
    for (let at = 0; at < type.size; at += 8) checkMemAccess(env, insnIdx, env.reg(regno), regno, at, 8, "write", -1, false, false);
    markSlots(env, meta, env.reg(regno), insnIdx, type.id, slots);
    return;
  }
  const spi = validInit(env, reg, meta.btf, type.id, slots);
  if (spi === "EPROTO") return env.fail("EPROTO", `expected an RCU CS when using ${meta.name}`);
  if (spi === "EINVAL") return env.fail("EINVAL", `expected an initialized iter_${name} as ${iterArgName(env, i)}`);
  for (let s = 0; s < slots; s++) {
    markSlotRead(env, env.frameOf(reg), spi - s);
    env.markSlotScratched(spi - s);
  }
  meta.iterSpi = spi;
  meta.iterFrame = reg.frameno;
  const st = env.frameOf(reg).stack[spi]!.spilled;
  meta.refObjId = env.f.ref_obj_ids ? st.refObjId : st.id;
  meta.refObjCount++;
  if (meta.flags.has("KF_ITER_DESTROY")) unmarkSlots(env, reg, spi, slots);
}

/** Slot that holds the iterator a call is about. */
export const iterReg = (st: VState, meta: KfuncMeta): RegState => st.frames[meta.iterFrame]!.stack[meta.iterSpi]!.spilled;

/**
 * next() may give an element or end: the path that got one is put aside with the iteration counted and what changed
 * since the last round forgotten, this one goes on with null and a drained iterator.
 */
export function processIterNextCall(env: Env, meta: KfuncMeta, insnIdx: number): void {
  const cur = env.curState;
  const iter = iterReg(cur, meta);
  if (iter.iterState === "invalid") env.bug("unexpected iterator state 0 (<invalid>)");
  if (iter.iterState === "active") {
    const parent = cur.parent;
    if (!parent || parent.insnIdx !== insnIdx) env.bug("bad parent state for iter next call");
    const prev = findPrevEntry(env, parent, insnIdx);
    const queued = env.pushStack(insnIdx + 1, insnIdx);
    const qi = queued.frames[meta.iterFrame]!.mutSpilled(meta.iterSpi);
    qi.iterState = "active";
    qi.iterDepth++;
    if (prev) widenImpreciseScalars(env, prev, queued);
    markPtrNotNull(queued.cur.mut(0));
  }
  cur.frames[meta.iterFrame]!.mutSpilled(meta.iterSpi).iterState = "drained";
  const r0 = env.mut(0);
  clearTypeData(r0);
  markRegKnownZero(r0);
  r0.type = SCALAR_VALUE;
  r0.precise = !env.bpfCapable;
}
