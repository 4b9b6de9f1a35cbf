/** Acquired references (kernel acquire_reference, release_reference, check_reference_leak). */
import type { Env } from "../state/env.ts";
import { baseId, type RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { slotType, STACK_DYNPTR, STACK_SPILL } from "../state/frame.ts";
import { forEachReg, type RefState, type VState } from "../state/state.ts";
import { invalidateDynptrSlot } from "./dynptr-slots.ts";
import { markRegInvalid } from "./packet-range.ts";

/** Adds a pointer reference and gives its id. */
export function acquireReference(env: Env, insnIdx: number, parentId = 0): number {
  const id = env.newId();
  const st = env.curState;
  const callbackRef = st.cur.inCallbackFn ? st.cur.frameno : 0;
  st.refs = [...st.refs, { type: "ptr", id, insnIdx, parentId, ptr: null, callbackRef }];
  return id;
}
export function findReference(st: VState, id: number): RefState | undefined {
  return id ? st.refs.find((r) => r.type === "ptr" && r.id === id) : undefined;
}
/** Where the reference stands, -1 where it may not be ended: it is none, or a callback's caller holds it (5.19 to 6.13). */
export function releasable(env: Env, st: VState, id: number): number {
  const i = st.refs.findIndex((r) => r.type === "ptr" && r.id === id);
  return i >= 0 && env.f.callback_refs && st.cur.inCallbackFn && st.refs[i]!.callbackRef !== st.cur.frameno ? -1 : i;
}
/** Refuses the end of a reference that is none, in the words of releases before 7.1. */
export function needAcquired(env: Env, id: number, what: string): void {
  if (env.f.ref_obj_ids && releasable(env, env.curState, id) < 0) env.fail("EINVAL", `${what} reference has not been acquired before`);
}
export function releaseReferenceNoMark(env: Env, st: VState, id: number): boolean {
  const i = releasable(env, st, id);
  if (i < 0) return false;
  if (env.f.refs_keep_order) st.refs = st.refs.filter((_, j) => j !== i);
  else {
    const refs = st.refs.slice(0, -1);
    if (i < refs.length) refs[i] = st.refs[refs.length]!;
    st.refs = refs;
  }
  return true;
}
/** Does the register hold a reference that must be released? */
export function regIsReferenced(env: Env, r: RegState): boolean {
  return env.f.ref_obj_ids ? r.refObjId !== 0 : findReference(env.curState, r.id) !== undefined;
}
/** Ends the reference: every register that is it, or comes from it, is invalid from here on. */
export function releaseReference(env: Env, id0: number): void {
  const st = env.curState;
  if (env.f.ref_obj_ids) {
    if (!releaseReferenceNoMark(env, st, id0)) env.failSilently("EINVAL");
    forEachReg(st, (r, mut) => {
      if (r.refObjId === id0) markRegInvalid(env, mut());
    });
    return;
  }
  const todo = [id0];
  const seen = new Set(todo);
  releaseReferenceNoMark(env, st, id0);
  for (;;) {
    const id = todo.pop();
    if (!id) return;
    for (const ref of st.refs) {
      if (ref.type !== "ptr" || ref.parentId !== id) continue;
      env.fail("EINVAL", `Leaking reference id=${ref.id} alloc_insn=${ref.insnIdx}. Release it first.`);
    }
    forEachReg(st, (r, mut, slot, frame, spi) => {
      if (r.id !== id && r.parentId !== id) return;
      if (r.parentId === id && r.id && !seen.has(r.id)) {
        seen.add(r.id);
        todo.push(r.id);
      }
      if (!slot || slotType(slot.types, 7) === STACK_SPILL) markRegInvalid(env, mut());
      else if (slotType(slot.types, 7) === STACK_DYNPTR) invalidateDynptrSlot(env, frame, spi);
    }, (1 << STACK_SPILL) | (1 << STACK_DYNPTR));
  }
}
function checkReferenceLeak(env: Env, exceptionExit: boolean): boolean {
  const st = env.curState;
  if (!exceptionExit && st.cur.frameno && !(env.f.callback_refs && st.cur.inCallbackFn)) return false;
  let leak = false;
  for (const ref of st.refs) {
    if (ref.type !== "ptr") continue;
    if (env.f.callback_refs && !exceptionExit && st.cur.inCallbackFn && ref.callbackRef !== st.cur.frameno) continue;
    const r0 = st.cur.regs[0]!;
    if (env.f.struct_ops_ret_ref && env.progType === "struct_ops" && !exceptionExit && (env.f.ref_obj_ids ? r0.refObjId : r0.id) === ref.id) continue;
    env.verbose(`Unreleased reference id=${ref.id} alloc_insn=${ref.insnIdx}\n`);
    env.log.freeze();
    leak = true;
  }
  return leak;
}
/** Nothing may be held at that point (kernel check_resource_leak). `what` begins the message. */
export function checkResourceLeak(env: Env, exceptionExit: boolean, checkLock: boolean, what: string): void {
  const st = env.curState;
  if (!env.f.resource_leak_messages) return checkLeakOld(env, exceptionExit, checkLock, what);
  if (checkLock && st.activeLocks) env.fail("EINVAL", `${what} cannot be used inside bpf_spin_lock-ed region`);
  if (checkReferenceLeak(env, exceptionExit)) env.fail("EINVAL", `${what} would lead to reference leak`);
  if (checkLock && st.activeIrqId) env.fail("EINVAL", `${what} cannot be used inside bpf_local_irq_save-ed region`);
  if (checkLock && st.activeRcuLocks) env.fail("EINVAL", `${what} cannot be used inside bpf_rcu_read_lock-ed region`);
  if (checkLock && st.activePreemptLocks) env.fail("EINVAL", `${what} cannot be used inside bpf_preempt_disable-ed region`);
}
/** The same in the words each place had before 6.13. */
function checkLeakOld(env: Env, exceptionExit: boolean, checkLock: boolean, what: string): void {
  const st = env.curState;
  const atExit = what.startsWith("BPF_EXIT");
  const region = (name: string): string => `${what} cannot be used inside ${name}-ed region`;
  const locks = (): void => {
    if (!checkLock && !(atExit && !env.f.static_calls_under_lock)) return;
    if (st.activeLocks) env.fail("EINVAL", atExit ? "bpf_spin_unlock is missing" : region("bpf_spin_lock"));
    if (st.activeRcuLocks) env.fail("EINVAL", atExit ? "bpf_rcu_read_unlock is missing" : region("bpf_rcu_read_lock"));
    const n = st.activePreemptLocks;
    if (n) env.fail("EINVAL", atExit ? `${n} bpf_preempt_enable${n === 1 ? " is" : "(s) are"} missing` : region("bpf_preempt_disable"));
  };
  if (what === "tail_call" && st.activeLocks) locks();
  if (atExit || exceptionExit) {
    locks();
    if (checkReferenceLeak(env, exceptionExit)) env.failSilently("EINVAL");
    return;
  }
  if (checkReferenceLeak(env, exceptionExit)) env.fail("EINVAL", what === "tail_call" ? "tail_call would lead to reference leak" : "BPF_LD_[ABS|IND] cannot be mixed with socket references");
  locks();
}
export const sameLink = (a: RegState, b: RegState): boolean => a.type === SCALAR_VALUE && baseId(a.id) === baseId(b.id);
