/** bpf_spin_lock, bpf_res_spin_lock and their kin (kernel process_spin_lock). */
import type { Env } from "../state/env.ts";
import { recordHasField } from "../state/maps.ts";
import * as T from "../state/reg-type.ts";
import { forEachReg, isLockRef, type RefType, type VState } from "../state/state.ts";
import { invalidateRcuPointers, leftSection } from "./rcu.ts";
import { regBtfRecord } from "./record.ts";
import { markRegInvalid } from "./packet-range.ts";

export interface LockKind { lock: boolean; res: boolean; irq: boolean }

/** bpf_spin_lock and bpf_spin_unlock, the helpers. */
export function processSpinLock(env: Env, regno: number, isLock: boolean): void {
  processLock(env, regno, { lock: isLock, res: false, irq: false });
}

function findLock(st: VState, types: readonly RefType[], id: number | null, ptr: object | null): boolean {
  return st.refs.some((r) => types.includes(r.type) && (id === null || (r.id === id && r.ptr === ptr)));
}
function acquireLock(env: Env, type: RefType, id: number, ptr: object): void {
  const st = env.curState;
  if (env.f.lock_refs) st.refs = [...st.refs, { type, id, insnIdx: env.insnIdx, parentId: 0, ptr, callbackRef: 0 }];
  st.activeLocks++;
  st.activeLockId = id;
  st.activeLockPtr = ptr;
}
function releaseLock(env: Env, type: RefType, id: number, ptr: object): void {
  const st = env.curState;
  let prevId = 0;
  let prevPtr: object | null = null;
  for (const ref of st.refs) {
    if (ref.type === type && ref.id === id && ref.ptr === ptr) {
      st.refs = st.refs.filter((r) => r !== ref);
      break;
    }
    if (isLockRef(ref.type)) {
      prevId = ref.id;
      prevPtr = ref.ptr;
    }
  }
  st.activeLocks--;
  st.activeLockId = prevId;
  st.activeLockPtr = prevPtr;
}

export function processLock(env: Env, regno: number, kind: LockKind): void {
  const reg = env.reg(regno);
  const st = env.curState;
  const name = kind.res ? "bpf_res_spin" : "bpf_spin";
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", `R${regno} doesn't have constant offset. ${name}_lock has to be at the constant offset`);
  const map = reg.type === T.PTR_TO_MAP_VALUE ? reg.map : null;
  if (map && (!map.btf || !map.spec.valueTypeId)) env.fail("EINVAL", `map '${map.name.slice(0, 15)}' has to have BTF in order to use ${name}_lock`);
  const record = regBtfRecord(env, reg);
  if (!recordHasField(record, kind.res ? "res_spin_lock" : "spin_lock"))
    env.fail("EINVAL", `${map ? "map" : "local"} '${map ? map.name.slice(0, 15) : "kptr"}' has no valid ${name}_lock`);
  const lockOff = kind.res ? record!.resSpinLockOff : record!.spinLockOff;
  const off = BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off);
  if (BigInt(lockOff) !== off) env.fail("EINVAL", `off ${off} doesn't point to 'struct ${name}_lock' that is at ${lockOff}`);
  const ptr: object = map ?? reg.btf!;
  const type: RefType = kind.res ? (kind.irq ? "res_lock_irq" : "res_lock") : "lock";
  if (kind.lock) {
    if (!kind.res && (env.f.lock_refs ? findLock(st, ["lock"], null, null) : st.activeLocks > 0)) env.fail("EINVAL", "Locking two bpf_spin_locks are not allowed");
    if (kind.res && findLock(st, ["res_lock", "res_lock_irq"], reg.id, ptr)) env.fail("EINVAL", "Acquiring the same lock again, AA deadlock detected");
    acquireLock(env, type, reg.id, ptr);
    return;
  }
  if (!st.activeLocks) env.fail("EINVAL", `${name}_unlock without taking a lock`);
  if (env.f.lock_refs ? !findLock(st, [type], reg.id, ptr) : st.activeLockPtr !== ptr || st.activeLockId !== reg.id) env.fail("EINVAL", `${name}_unlock of different lock`);
  if (reg.id !== st.activeLockId || ptr !== st.activeLockPtr) env.fail("EINVAL", `${name}_unlock cannot be out of order`);
  const wasInRcu = env.inRcuCs();
  releaseLock(env, type, reg.id, ptr);
  if (env.f.lock_is_rcu_section && !env.f.rcu_by_any_section && wasInRcu && !env.inRcuCs()) invalidateRcuPointers(env);
  forEachReg(st, (r, mut) => {
    if (T.typeIsNonOwningRef(r.type)) markRegInvalid(env, mut());
  });
  leftSection(env);
}
