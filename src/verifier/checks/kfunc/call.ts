/** A call of a kernel function (kernel check_kfunc_call). */
import { BtfKind, type BtfType } from "../../../btf/types.ts";
import type { Insn } from "../../../isa/types.ts";
import type { Env } from "../../state/env.ts";
import { VerifierError } from "../../state/errors.ts";
import { clearTypeData, markRegKnownZero, type RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { invalidateRcuPointers, leftSection } from "../rcu.ts";
import { findStructRecord, recordHasNmiUnsafeFields, regMayPointToSpinLock } from "../record.ts";
import { inRbtreeLockRequiredCb, pushCallbackCall } from "../callbacks.ts";
import { dynptrTypeFlag } from "../dynptr.ts";
import { mayAccessDirectPktData } from "../mem-region.ts";
import { clearAllPktPointers } from "../packet-range.ts";
import { acquireReference, needAcquired, releaseReference } from "../refs.ts";
import { clearCallerSaved, markNotInit, markUnknown } from "../reg-arg.ts";
import { releaseReg } from "../release.ts";
import { checkReturnCode } from "../return-code.ts";
import { inSleepableContext, isTracingProgType, nonSleepableContext } from "../sleepable.ts";
import { invalidateOutgoingStackArgs } from "../call-subprog.ts";
import { processExit } from "../exit.ts";
import type { Flow } from "../../passes/do-check.ts";
import { checkKfuncArgs } from "./args.ts";
import { checkOldKfuncArgs, markKfuncArgs } from "./args-old.ts";
import { convertOwningToNonOwning, markGraphNode, setNonOwning } from "./graph.ts";
import { iterReg, processIterNextCall } from "./iter.ts";
import { btfKindStr, fetchKfuncMeta, isScalarStruct, isScalarType, isStructType, type KfuncMeta } from "./meta.ts";
import { is, isIterNext, isListPush, isObjDrop, isObjNew, isPercpuObjDrop, isPercpuObjNew, isRbtreeAdd, isRefcountAcquire, isTaskWorkAdd, isWqSetCallback } from "./special.ts";

const MAX_ERRNO = 4095;
const PERCPU_OBJ_MAX = 512;
const U32_MAX = 0xffff_ffffn;

export function checkKfuncCall(env: Env, insn: Insn, insnIdx: number): Flow {
  // left by libbpf for a weak kfunc that is not there: only dead code may hold it
  if (insn.imm === 0) return "next";
  const fetched = fetchKfuncMeta(env, insn);
  if (!fetched.ok) return env.fail(fetched.errno, fetched.line);
  const { meta } = fetched;
  const aux = env.aux[insnIdx]!;
  aux.isIterNext = isIterNext(meta);
  if (is(meta, "bpf_res_spin_lock") || is(meta, "bpf_res_spin_lock_irqsave")) pushFailedLock(env, insnIdx);
  else if (is(meta, "__bpf_trap")) env.fail("EFAULT", "unexpected __bpf_trap() due to uninitialized variable?");

  const sleepable = meta.flags.has("KF_SLEEPABLE");
  if (sleepable && !env.inSleepable() && env.f.btf_records) env.fail("EACCES", `program must be sleepable to call sleepable kfunc ${meta.name}`);
  if (!inSleepableContext(env)) aux.nonSleepable = true;
  if (env.f.btf_records) checkKfuncArgs(env, meta, insnIdx);
  else checkOldKfuncArgs(env, meta);
  checkDropInTracing(env, meta);
  pushCallbacks(env, meta, insn, insnIdx);
  if (is(meta, "bpf_session_cookie")) {
    meta.r0Size = 8;
    meta.r0Rdonly = false;
  }
  enterAndLeaveSections(env, meta, sleepable);
  releaseArgument(env, meta);
  if (isListPush(meta) || isRbtreeAdd(meta)) handOverNode(env, meta, insnIdx);
  if (is(meta, "bpf_throw")) {
    env.seenException = true;
    if (!env.exceptionCallbackSubprog) checkReturnCode(env, 1, "R1");
  }
  if (env.f.live_marks) markKfuncArgs(env, meta);
  clearCallerSaved(env, env.cur, env.f.log_call_results);
  if (env.f.stack_args) invalidateOutgoingStackArgs(env, env.cur);
  setReturn(env, meta, insnIdx);
  if (is(meta, "bpf_xdp_pull_data")) clearAllPktPointers(env);
  if (isIterNext(meta)) processIterNextCall(env, meta, insnIdx);
  if (is(meta, "bpf_throw")) {
    return processExit(env, null, true);
  }
  return "next";
}

/** The lock may not be had: that path goes on with an error in r0 and nothing held. */
function pushFailedLock(env: Env, insnIdx: number): void {
  const branch = env.pushStack(insnIdx + 1, insnIdx);
  const frame = branch.cur;
  for (let i = 0; i <= 5; i++) markNotInit(env, frame.mut(i));
  const r0 = frame.mut(0);
  markUnknown(env, r0);
  r0.r64 = env.dom.fromS64(BigInt(-MAX_ERRNO), -1n);
  r0.r32 = env.dom.fromS32(-MAX_ERRNO, -1);
  env.dom.sync(r0);
  r0.subregDef = insnIdx + 1;
}

function checkDropInTracing(env: Env, meta: KfuncMeta): void {
  if (!env.f.obj_drop_tracing_check || !(isObjDrop(meta) || isPercpuObjDrop(meta)) || !meta.argBtf) return;
  const tracing = isTracingProgType(env) || (env.progType === "tracing" && env.prog.attachType !== "trace_iter" && !env.prog.sleepable);
  if (!tracing) return;
  const record = findStructRecord(env, meta.argBtf, meta.argBtfId);
  if (record && recordHasNmiUnsafeFields(record)) env.fail("EINVAL", `${meta.name} cannot be used in tracing programs on types with NMI unsafe fields`);
}

function pushCallbacks(env: Env, meta: KfuncMeta, insn: Insn, insnIdx: number): void {
  const kind = isRbtreeAdd(meta) ? "rbtree_add" : isWqSetCallback(meta) ? "timer" : isTaskWorkAdd(meta) ? "task_work" : null;
  if (!kind) return;
  try {
    pushCallbackCall(env, insn, insnIdx, meta.subprogno, kind, true);
  } catch (e) {
    if (e instanceof VerifierError) env.verbose(`kfunc ${meta.name}#${meta.id} failed callback verification\n`);
    throw e;
  }
}

/** RCU and preempt-disabled sections begin and end here, and forbid sleeping (kernel check_kfunc_call). */
function enterAndLeaveSections(env: Env, meta: KfuncMeta, sleepable: boolean): void {
  const st = env.curState;
  const rcuLock = is(meta, "bpf_rcu_read_lock"), rcuUnlock = is(meta, "bpf_rcu_read_unlock");
  const inRbtree = inRbtreeLockRequiredCb(env) && (rcuLock || rcuUnlock);
  if (!env.f.nested_rcu_locks && st.activeRcuLocks) {
    if (inRbtree) env.fail("EACCES", "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback");
    if (rcuLock) env.fail("EINVAL", `nested rcu read lock (kernel function ${meta.name})`);
  }
  if (rcuLock) st.activeRcuLocks++;
  else if (rcuUnlock) {
    if (!st.activeRcuLocks) env.fail("EINVAL", `unmatched rcu read unlock (kernel function ${meta.name})`);
    if (--st.activeRcuLocks === 0 && !env.f.rcu_by_any_section) invalidateRcuPointers(env);
    leftSection(env);
  }
  if (!env.f.one_sleepable_context && sleepable && st.activeRcuLocks) env.fail("EACCES", `kernel func ${meta.name} is sleepable within rcu_read_lock region`);
  if (is(meta, "bpf_preempt_disable")) st.activePreemptLocks++;
  else if (is(meta, "bpf_preempt_enable")) {
    if (!st.activePreemptLocks) env.fail("EINVAL", `unmatched attempt to enable preemption (kernel function ${meta.name})`);
    st.activePreemptLocks--;
    leftSection(env);
  }
  if (env.f.one_sleepable_context) {
    if (sleepable && !inSleepableContext(env)) env.fail("EACCES", `kernel func ${meta.name} is sleepable within ${nonSleepableContext(env)}`);
  } else if (sleepable) {
    if (st.activePreemptLocks) env.fail("EACCES", `kernel func ${meta.name} is sleepable within non-preemptible region`);
    if (st.activeIrqId) env.fail("EACCES", `kernel func ${meta.name} is sleepable within IRQ-disabled region`);
  }
  if (env.f.nested_rcu_locks && inRbtree) env.fail("EACCES", "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback");
  if (env.f.rcu_protected_refused && meta.flags.has("KF_RCU_PROTECTED") && !env.inRcuCs()) env.fail("EACCES", `kernel func ${meta.name} requires RCU critical section protection`);
}

function releaseArgument(env: Env, meta: KfuncMeta): void {
  if (!meta.releaseRegno) return;
  const reg = env.reg(meta.releaseRegno);
  if (env.f.release_arg_is_r1) return releaseReg(env, reg, false, meta.dynptrId !== 0);
  needAcquired(env, reg.refObjId, `kfunc ${meta.name}#${meta.id}`);
  releaseReference(env, reg.refObjId);
}

function handOverNode(env: Env, meta: KfuncMeta, insnIdx: number): void {
  const node = env.reg(2);
  env.aux[insnIdx]!.insertOff = Number(BigInt.asIntN(64, node.varOff.value)) + node.off;
  convertOwningToNonOwning(env, env.f.ref_obj_ids ? node.refObjId : node.id);
}

/** r0 after the call, from the return type, the flags, and what is special about some kfuncs. */
function setReturn(env: Env, meta: KfuncMeta, insnIdx: number): void {
  const t = meta.btf.resolve(meta.proto.ret);
  const to = t?.kind === BtfKind.PTR ? meta.btf.resolve(t.type) : undefined;
  const acquire = meta.flags.has("KF_ACQUIRE");
  if (acquire && to?.kind !== BtfKind.STRUCT && !(isObjNew(meta) || isPercpuObjNew(meta) || isRefcountAcquire(meta)))
    env.fail("EINVAL", "acquire kernel function does not return PTR_TO_BTF_ID");
  const r0 = env.mut(0);
  if (isScalarType(t)) {
    markUnknown(env, r0);
    if (is(meta, "bpf_res_spin_lock") || is(meta, "bpf_res_spin_lock_irqsave")) constZero(env, r0);
    r0.subregDef = t && "size" in t && t.size < 8 ? insnIdx + 1 : 0;
    return;
  }
  if (!to) return;
  r0.subregDef = 0;
  if (!setSpecialReturn(env, meta, r0, to)) setPlainReturn(env, meta, r0, to);
  if (meta.flags.has("KF_RET_NULL") && !(isRefcountAcquire(meta) && meta.argOwningRef)) {
    r0.type |= T.PTR_MAYBE_NULL;
    r0.id = env.newId();
  }
  if (acquire) {
    const id = acquireReference(env, insnIdx);
    if (env.f.ref_obj_ids) {
      if (r0.type & T.PTR_MAYBE_NULL) r0.id = id;
      r0.refObjId = id;
    } else r0.id = id;
  } else if (env.f.rbtree_traversal ? returnsGraphNode(to) : is(meta, "bpf_rbtree_first")) setNonOwning(env, r0);
  if (regMayPointToSpinLock(env, r0) && !r0.id) r0.id = env.newId();
}
const returnsGraphNode = (to: BtfType): boolean => to.kind === BtfKind.STRUCT && (to.name === "bpf_rb_node" || to.name === "bpf_list_node");

function constZero(env: Env, r: RegState): void {
  clearTypeData(r);
  markRegKnownZero(r);
  r.type = T.SCALAR_VALUE;
  r.precise = !env.bpfCapable;
}

function pointTo(r0: RegState, type: number, btf: RegState["btf"], btfId: number): void {
  markRegKnownZero(r0);
  r0.type = type;
  r0.btf = btf;
  r0.btfId = btfId;
}

/** True when it set r0 (kernel check_special_kfunc). */
function setSpecialReturn(env: Env, meta: KfuncMeta, r0: RegState, to: BtfType): boolean {
  if (!meta.vmlinux) return false;
  if (isObjNew(meta) || isPercpuObjNew(meta)) setNewObject(env, meta, r0);
  else if (isRefcountAcquire(meta)) pointTo(r0, T.PTR_TO_BTF_ID | T.MEM_ALLOC, meta.argBtf, meta.argBtfId);
  else if (to.kind === BtfKind.STRUCT && to.name === "bpf_list_node" && meta.listHead) markGraphNode(env, r0, meta.listHead);
  else if (to.kind === BtfKind.STRUCT && to.name === "bpf_rb_node" && meta.rbRoot) markGraphNode(env, r0, meta.rbRoot);
  else if (is(meta, "bpf_cast_to_kern_ctx")) pointTo(r0, T.PTR_TO_BTF_ID | T.PTR_TRUSTED, meta.btf, meta.retBtfId);
  else if (is(meta, "bpf_rdonly_cast")) setCast(env, meta, r0);
  else if (is(meta, "bpf_dynptr_slice") || is(meta, "bpf_dynptr_slice_rdwr")) setSlice(env, meta, r0);
  else return false;
  return true;
}

function setNewObject(env: Env, meta: KfuncMeta, r0: RegState): void {
  const id = meta.argConstant ?? 0n;
  const percpu = isPercpuObjNew(meta);
  if (id > U32_MAX) env.fail("EINVAL", "local type ID argument must be in range [0, U32_MAX]");
  const { btf } = env;
  if (!btf) return env.fail("EINVAL", "bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
  const type = btf.type(Number(id));
  if (!type || type.kind !== BtfKind.STRUCT) return env.fail("EINVAL", "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct");
  if (percpu) {
    if (type.size > PERCPU_OBJ_MAX) env.fail("EINVAL", `bpf_percpu_obj_new type size (${type.size}) is greater than ${PERCPU_OBJ_MAX}`);
    if (!isScalarStruct(env, btf, type)) env.fail("EINVAL", "bpf_percpu_obj_new type ID argument must be of a struct of scalars");
    if (findStructRecord(env, btf, type.id)) env.fail("EINVAL", "bpf_percpu_obj_new type ID argument must not contain special fields");
  }
  pointTo(r0, T.PTR_TO_BTF_ID | T.MEM_ALLOC | (percpu ? T.MEM_PERCPU : 0), btf, type.id);
}

function setCast(env: Env, meta: KfuncMeta, r0: RegState): void {
  const id = meta.argConstant ?? 0n;
  const type = meta.btf.type(Number(id));
  if (type && isStructType(type)) return pointTo(r0, T.PTR_TO_BTF_ID | T.PTR_UNTRUSTED, meta.btf, type.id);
  if (!env.f.rdonly_cast_void) return env.fail("EINVAL", "kfunc bpf_rdonly_cast type ID argument must be of a struct");
  if (!type) return env.fail("EINVAL", `Unknown type ID ${id} passed to kfunc bpf_rdonly_cast`);
  if (type.kind !== BtfKind.VOID) return env.fail("EINVAL", "kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
  markRegKnownZero(r0);
  r0.type = T.PTR_TO_MEM | T.MEM_RDONLY | T.PTR_UNTRUSTED;
  r0.memSize = 0;
}

function setSlice(env: Env, meta: KfuncMeta, r0: RegState): void {
  if (meta.argConstant === null) return env.bug("bpf_dynptr_slice(_rdwr) no constant size");
  markRegKnownZero(r0);
  r0.memSize = Number(meta.argConstant);
  r0.type = T.PTR_TO_MEM | dynptrTypeFlag(meta.dynptrType);
  if (is(meta, "bpf_dynptr_slice")) r0.type |= T.MEM_RDONLY;
  else if (!mayAccessDirectPktData(env, null, "write")) env.fail("EINVAL", "the prog does not allow writes to packet data");
  if (!meta.dynptrId) env.bug("no dynptr id");
  if (env.f.ref_obj_ids) r0.dynptrId = meta.dynptrId;
  else r0.parentId = meta.dynptrId;
}

function setPlainReturn(env: Env, meta: KfuncMeta, r0: RegState, to: BtfType): void {
  if (to.kind === BtfKind.VOID) return markUnknown(env, r0);
  if (!isStructType(to)) {
    if (!meta.r0Size) {
      const size = meta.btf.sizeOf(to.id);
      if (size === undefined || size === 0) return env.fail("EINVAL", `kernel function ${meta.name} returns pointer type ${btfKindStr(to)} ${to.name} is not supported`);
      meta.r0Size = size;
      meta.r0Rdonly = true;
    }
    markRegKnownZero(r0);
    r0.type = T.PTR_TO_MEM | (meta.r0Rdonly ? T.MEM_RDONLY : 0);
    r0.memSize = meta.r0Size;
    if (meta.refObjId) {
      if (meta.refObjCount > 1) env.bug(`function expects only one referenced object but got ${meta.refObjCount}`);
      if (env.f.ref_obj_ids) r0.refObjId = meta.refObjId;
      else r0.parentId = meta.refObjId;
    }
    if (env.f.rcu_protected_calls && meta.flags.has("KF_RCU_PROTECTED")) r0.type |= T.MEM_RCU;
    return;
  }
  let flags = 0;
  const rcuIter = isIterNext(meta) && (iterReg(env.curState, meta).type & T.MEM_RCU) !== 0;
  if (is(meta, "bpf_get_kmem_cache")) flags = T.PTR_UNTRUSTED;
  else if (rcuIter || (env.f.rcu_protected_calls && meta.flags.has("KF_RCU_PROTECTED"))) flags = T.MEM_RCU;
  else if (env.f.kfunc_returns_trusted || isIterNext(meta)) flags = T.PTR_TRUSTED;
  pointTo(r0, T.PTR_TO_BTF_ID | flags, meta.btf, to.id);
}
