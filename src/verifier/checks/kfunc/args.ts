/** The arguments of a kfunc call, one by one (kernel check_kfunc_args). */
import { type Btf, BtfKind, type BtfParam, type BtfType } from "../../../btf/types.ts";
import { btfTypeName, regTypeStr } from "../../report/print-state.ts";
import type { Env } from "../../state/env.ts";
import { VerifierError } from "../../state/errors.ts";
import { registerIsNull, type RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { inRbtreeLockRequiredCb } from "../callbacks.ts";
import { isNocastAlias, isProjectionOf, structIdsMatch } from "../btf-match.ts";
import { checkConstStr } from "../const-str.ts";
import { kernCtxStruct } from "../ctx-type.ts";
import { processDynptrArg } from "../dynptr.ts";
import { checkFuncArgRegOff } from "../arg-types.ts";
import { checkMapFieldPointer } from "../map-field.ts";
import { processTimerKfunc } from "../timer.ts";
import { checkKfuncMemSize, checkMemReg } from "../helper-mem.ts";
import { markChainPrecision } from "../../passes/backtrack.ts";
import { regBtfRecord } from "../record.ts";
import { regIsReferenced } from "../refs.ts";
import { checkOutgoingStackArgs } from "../stack-args.ts";
import { processLock } from "../spin-lock.ts";
import { isRcuReg, isTrustedReg } from "../trust.ts";
import { argKind, type ArgKind, isConstMemSize, REG_STRUCT } from "./arg-kind.ts";
import { processGraphNode, processGraphRoot } from "./graph.ts";
import { processIrqFlag } from "./irq.ts";
import { processIterArg } from "./iter.ts";
import { argName, btfKindStr, hasSuffix, isScalarType, type KfuncMeta, pointsToStruct } from "./meta.ts";
import { checkStaticArg } from "./static-args.ts";
import { is, isObjDrop, isPercpuObjDrop, isRbtreeAdd, isResSpinLock } from "./special.ts";

const U32_MAX = 0xffff_ffffn;

export function checkKfuncArgs(env: Env, meta: KfuncMeta, insnIdx: number): void {
  const { params } = meta.proto;
  const most = env.f.stack_args ? 12 : 5;
  if (params.length > most) env.fail("EINVAL", `Function ${meta.name} has ${params.length} > ${most} args`);
  if (env.f.stack_args) checkOutgoingStackArgs(env, params.length);
  for (let i = 0; i < params.length; i++) {
    // Releases before 7.0 tell it by the parameter's name (void *aux__prog), later ones by its type.
    if (env.f.kfunc_prog_aux_arg && (hasSuffix(params[i]!, "__prog") || pointsToStruct(meta.btf, params[i]!, "bpf_prog_aux"))) {
      if (meta.argProg) env.bug("Only 1 prog->aux argument supported per-kfunc");
      meta.argProg = true;
      continue;
    }
    if (hasSuffix(params[i]!, "__ign") || i >= meta.visibleArgs) continue;
    if (i >= 5) env.unsupported(`kernel function ${meta.name} takes arguments on the stack`);
    if (env.f.kfunc_static_args) checkStaticArg(env, meta, i, insnIdx, processArg);
    else if (checkArg(env, meta, i, insnIdx)) i++;
  }
  if (!env.f.release_arg_is_r1 && meta.flags.has("KF_RELEASE") && !meta.releaseRegno)
    env.fail("EINVAL", `release kernel function ${meta.name} expects refcounted PTR_TO_BTF_ID`);
}

/** True when the next argument, a size, is dealt with too. */
function checkArg(env: Env, meta: KfuncMeta, i: number, insnIdx: number): boolean {
  const regno = i + 1;
  const p = meta.proto.params[i]!;
  const reg = env.reg(regno);
  const t = meta.btf.resolve(p.type);
  if (isScalarType(t)) {
    checkScalarArg(env, meta, p, regno, reg);
    return false;
  }
  if (t?.kind !== BtfKind.PTR) return env.fail("EINVAL", `Unrecognized ${argName(env, i)} type ${btfKindStr(t)}`);
  const trusted = env.f.kfunc_args_trusted || meta.flags.has("KF_TRUSTED_ARGS") || meta.flags.has("KF_RCU") || (env.f.release_args_trusted && meta.flags.has("KF_RELEASE"));
  if (trusted && (registerIsNull(reg) || T.typeMayBeNull(reg.type)) && !hasSuffix(p, "__nullable"))
    env.fail("EACCES", `Possibly NULL pointer passed to trusted ${env.f.kfunc_args_named_by_register ? argName(env, i) : `arg${i}`}`);
  noteReference(env, meta, i, reg);
  const ref = meta.btf.resolve(t.type);
  if (!ref) return env.fail("EINVAL", `Unrecognized ${argName(env, i)} type UNKNOWN`);
  const kind = argKind(env, meta, i, reg, ref);
  if (kind === "null") return false;
  checkKindAndOffset(env, meta, i, reg, kind, trusted);
  return processArg(env, meta, i, insnIdx, kind, ref);
}

function checkScalarArg(env: Env, meta: KfuncMeta, p: BtfParam, regno: number, reg: RegState): void {
  const name = `R${regno}`;
  if (reg.type !== T.SCALAR_VALUE) env.fail("EINVAL", `${name} is not a scalar`);
  const constant = hasSuffix(p, "__k");
  const rdonly = p.name === "rdonly_buf_size";
  if (!constant && !rdonly && p.name !== "rdwr_buf_size") return;
  if (constant && meta.argConstant !== null) env.bug("only one constant argument permitted");
  if (!constant && meta.r0Size) {
    env.verbose("2 or more rdonly/rdwr_buf_size parameters for kfunc");
    env.failSilently("EINVAL");
  }
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", constant ? `${name} must be a known constant` : `${name} is not a const`);
  const { value } = reg.varOff;
  if (constant) meta.argConstant = value;
  else {
    meta.r0Rdonly ||= rdonly;
    if (value > U32_MAX) env.fail("EINVAL", `${name} rdonly/rdwr_buf_size exceeds u32 max`);
    meta.r0Size = Number(value);
  }
  markChainPrecision(env, regno);
}

function noteReference(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  const release = meta.flags.has("KF_RELEASE");
  if (env.f.release_arg_is_r1) {
    if (i + 1 === meta.releaseRegno && !pointsToStruct(meta.btf, meta.proto.params[i]!, "bpf_dynptr") && !regIsReferenced(env, reg) && !registerIsNull(reg))
      env.fail("EINVAL", `release kfunc ${meta.name} expects referenced PTR_TO_BTF_ID passed to ${argName(env, i)}`);
  } else if (reg.refObjId && release && meta.refObjId)
    env.fail("EFAULT", `verifier internal error: more than one arg with ref_obj_id R${i + 1} ${reg.refObjId} ${meta.refObjId}`);
  if (!regIsReferenced(env, reg)) return;
  meta.refObjId = env.f.ref_obj_ids ? reg.refObjId : reg.id;
  meta.refObjCount++;
  if (release && !env.f.release_arg_is_r1) meta.releaseRegno = i + 1;
}

function checkKindAndOffset(env: Env, meta: KfuncMeta, i: number, reg: RegState, kind: ArgKind, trusted: boolean): void {
  const name = `R${i + 1}`;
  if (kind === "map") checkMapArg(env, meta, reg, name);
  if ((kind === "map" || kind === "alloc_btf_id" || kind === "btf_id") && trusted && !isTrustedReg(env, reg)) {
    if (!meta.flags.has("KF_RCU")) env.fail("EINVAL", `${name} must be referenced or trusted`);
    if (!isRcuReg(reg)) env.fail("EINVAL", `${name} must be a rcu pointer`);
  }
  const release = env.f.release_arg_is_r1 ? i + 1 === meta.releaseRegno : meta.flags.has("KF_RELEASE") && reg.refObjId !== 0;
  const base = !env.f.release_arg_is_r1 ? "ARG_DONTCARE" : kind === "dynptr" ? "ARG_PTR_TO_DYNPTR" : kind === "ctx" ? "ARG_PTR_TO_CTX" : kind === "refcounted_kptr" ? "ARG_PTR_TO_BTF_ID" : "ARG_DONTCARE";
  checkFuncArgRegOff(env, reg, i + 1, { base, flags: release ? T.OBJ_RELEASE : 0 }, kind !== "refcounted_kptr");
}

function checkMapArg(env: Env, meta: KfuncMeta, reg: RegState, name: string): void {
  // the kernel's map pointer shares its place with a pointer's BTF, a memory's size and a packet's range
  if (!reg.map && !reg.btf && !reg.memSize && !reg.range) env.fail("EINVAL", `pointer in ${name} isn't map pointer`);
  const record = reg.map?.record ?? null;
  const wq = record !== null && record.wqOff >= 0, taskWork = record !== null && record.taskWorkOff >= 0;
  if (meta.map && (wq || taskWork) && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
    env.fail(
      "EINVAL",
      taskWork
        ? `bpf_task_work pointer in R2 map_uid=${meta.mapUid} doesn't match map pointer in R3 map_uid=${reg.mapUid}`
        : `workqueue pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`,
    );
  }
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

const ALLOC = T.PTR_TO_BTF_ID | T.MEM_ALLOC;

function needOwned(env: Env, i: number, reg: RegState, alsoMapValue: boolean): void {
  if (reg.type !== ALLOC && !(alsoMapValue && reg.type === T.PTR_TO_MAP_VALUE))
    env.fail("EINVAL", `${argName(env, i)} expected pointer to ${alsoMapValue ? "map value or " : ""}allocated object`);
  if (reg.type === ALLOC && !regIsReferenced(env, reg)) env.fail("EINVAL", "allocated object must be referenced");
}
function needMapValue(env: Env, i: number, reg: RegState, what = "a map value"): void {
  if (reg.type !== T.PTR_TO_MAP_VALUE) env.fail("EINVAL", `${argName(env, i)} doesn't point to ${what}`);
}

function processArg(env: Env, meta: KfuncMeta, i: number, insnIdx: number, kind: ArgKind, ref: BtfType): boolean {
  const regno = i + 1;
  const reg = env.reg(regno);
  const name = argName(env, i);
  switch (kind) {
    case "ctx":
      if (reg.type !== T.PTR_TO_CTX) env.fail("EINVAL", `${name} expected pointer to ctx, but got ${regTypeStr(env, reg.type)}`);
      if (is(meta, "bpf_cast_to_kern_ctx")) meta.retBtfId = kernCtxStruct(env);
      return false;
    case "alloc_btf_id":
      processAlloc(env, meta, name, reg);
      return false;
    case "dynptr":
      processDynptrArg(env, meta, regno, insnIdx);
      return false;
    case "iter":
      if (is(meta, "bpf_iter_css_task_new") && !cssTaskIterAllowed(env)) env.fail("EINVAL", "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs");
      processIterArg(env, meta, i, insnIdx);
      return false;
    case "list_head":
    case "rb_root":
      needOwned(env, i, reg, true);
      processGraphRoot(env, meta, i, kind);
      return false;
    case "list_node":
      if (!(hasSuffix(meta.proto.params[i]!, "__nonown_allowed") && T.typeIsNonOwningRef(reg.type) && !regIsReferenced(env, reg))) needOwned(env, i, reg, false);
      processGraphNode(env, meta, i, kind);
      return false;
    case "rb_node":
      checkRbNode(env, meta, i, reg);
      processGraphNode(env, meta, i, kind);
      return false;
    case "map":
      processBtfId(env, meta, i, reg, env.kernel.btf!, bpfMapId(env));
      return false;
    case "btf_id":
      processBtfId(env, meta, i, reg, meta.btf, ref.id);
      return false;
    case "mem": {
      const size = meta.btf.sizeOf(ref.id);
      if (size === undefined) return env.fail("EINVAL", `${name} reference type('${btfKindStr(ref)} ${ref.name}') size cannot be determined: -22`);
      checkMemReg(env, regno, reg, () => env.mut(regno), size);
      return false;
    }
    case "mem_size":
      processMemSize(env, meta, i, reg);
      return true;
    case "callback":
      if (reg.type !== T.PTR_TO_FUNC) env.fail("EINVAL", `${env.f.kfunc_args_named_by_register ? name : `arg${i}`} expected pointer to func`);
      meta.subprogno = reg.subprogno;
      return false;
    case "refcounted_kptr":
      processRefcounted(env, meta, name, reg);
      return false;
    case "const_str":
      needMapValue(env, i, reg, "a const string");
      checkConstStr(env, regno);
      return false;
    case "wq":
    case "task_work":
      needMapValue(env, i, reg);
      checkMapFieldPointer(env, reg, regno, kind, meta);
      return false;
    case "timer":
      needMapValue(env, i, reg);
      processTimerKfunc(env, reg, regno, meta);
      return false;
    case "irq_flag":
      if (reg.type !== T.PTR_TO_STACK) env.fail("EINVAL", `${name} doesn't point to an irq flag on stack`);
      processIrqFlag(env, meta, i);
      return false;
    case "res_spin_lock":
      processResSpinLock(env, meta, i, reg);
      return false;
    case "null":
      return false;
  }
}

function processAlloc(env: Env, meta: KfuncMeta, name: string, reg: RegState): void {
  const impl = env.f.kfunc_args_named_by_register ? "" : "_impl";
  if (reg.type === ALLOC) {
    if (!isObjDrop(meta)) env.fail("EINVAL", `${name} expected for bpf_obj_drop${impl}()`);
  } else if (reg.type === (ALLOC | T.MEM_PERCPU)) {
    if (!isPercpuObjDrop(meta)) env.fail("EINVAL", `${name} expected for bpf_percpu_obj_drop${impl}()`);
  } else env.fail("EINVAL", `${name} expected pointer to allocated object`);
  if (!regIsReferenced(env, reg)) env.fail("EINVAL", "allocated object must be referenced");
  if (meta.vmlinux) {
    meta.argBtf = reg.btf;
    meta.argBtfId = reg.btfId;
  }
}

function checkRbNode(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  if (isRbtreeAdd(meta)) return needOwned(env, i, reg, false);
  if (env.f.rbtree_traversal) {
    if (!T.typeIsNonOwningRef(reg.type) && !regIsReferenced(env, reg)) env.fail("EINVAL", `${meta.name} can only take non-owning or refcounted bpf_rb_node pointer`);
    if (inRbtreeLockRequiredCb(env)) env.fail("EINVAL", `${meta.name} not allowed in rbtree cb`);
    return;
  }
  if (!T.typeIsNonOwningRef(reg.type) || regIsReferenced(env, reg)) env.fail("EINVAL", "rbtree_remove node input must be non-owning ref");
  if (inRbtreeLockRequiredCb(env)) env.fail("EINVAL", "rbtree_remove not allowed in rbtree cb");
}

const bpfMapId = (env: Env): number => env.kernel.btf?.find(BtfKind.STRUCT, "bpf_map") ?? 0;

/** A pointer to a kernel struct: of that type, or one that begins with it (kernel process_kf_arg_ptr_to_btf_id). */
function processBtfId(env: Env, meta: KfuncMeta, i: number, reg: RegState, argBtf: Btf, argId: number): void {
  const base = T.baseType(reg.type);
  const name = argName(env, i);
  const own = REG_STRUCT.get(base);
  if ((base !== T.PTR_TO_BTF_ID || (T.typeHasUnsafeModifiers(reg.type) && !isRcuReg(reg))) && own === undefined)
    env.fail("EINVAL", `${name} is ${regTypeStr(env, reg.type)} expected ${regTypeStr(env, base | (T.typeFlag(reg.type) & T.BPF_REG_TRUSTED_MODIFIERS))} or socket`);
  const kernelBtf = env.kernel.btf!;
  const regBtf = base === T.PTR_TO_BTF_ID ? reg.btf! : kernelBtf;
  const regId0 = base === T.PTR_TO_BTF_ID ? reg.btfId : (kernelBtf.find(BtfKind.STRUCT, own!) ?? 0);
  const strict = (meta.flags.has("KF_RELEASE") && regIsReferenced(env, reg)) || isNocastAlias(env, regBtf, regId0, argBtf, argId);
  const regType = regBtf.resolve(regId0);
  const off = Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off;
  const same = regType !== undefined && structIdsMatch(env, regBtf, regType.id, off, argBtf, argId, strict);
  const want = argBtf.type(argId);
  if (!same && !isProjectionOf(btfTypeName(argBtf, argId), regType?.name ?? ""))
    env.fail("EINVAL", `kernel function ${meta.name} ${env.f.kfunc_args_named_by_register ? name : `args#${i}`} expected pointer to ${btfKindStr(want)} ${want?.name ?? ""} but R${i + 1} has a pointer to ${btfKindStr(regType)} ${regType?.name ?? ""}`);
}

function processMemSize(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  const p = meta.proto.params[i]!;
  const optional = hasSuffix(p, "__nullable") || (env.f.kfunc_opt_suffix && hasSuffix(p, "__opt"));
  if (!registerIsNull(reg) || !optional) {
    try {
      checkKfuncMemSize(env, i + 1);
    } catch (e) {
      if (e instanceof VerifierError)
        env.verbose(
          env.f.kfunc_args_named_by_register
            ? `${argName(env, i)} and ${argName(env, i + 1)} memory, len pair leads to invalid memory access\n`
            : `arg#${i} arg#${i + 1} memory, len pair leads to invalid memory access\n`,
        );
      throw e;
    }
  }
  const size = env.reg(i + 2);
  if (!isConstMemSize(meta, meta.proto.params[i + 1]!, size)) return;
  if (meta.argConstant !== null) env.bug("only one constant argument permitted");
  if (size.varOff.mask !== 0n) env.fail("EINVAL", `R${i + 2} must be a known constant`);
  meta.argConstant = size.varOff.value;
}

function processRefcounted(env: Env, meta: KfuncMeta, name: string, reg: RegState): void {
  if (!T.typeIsPtrAllocObj(reg.type)) env.fail("EINVAL", `${name} is neither owning or non-owning ref`);
  if (!T.typeIsNonOwningRef(reg.type) && regIsReferenced(env, reg)) meta.argOwningRef = true;
  const record = regBtfRecord(env, reg);
  if (!record) return env.bug("Couldn't find btf_record");
  if (record.refcountOff < 0) env.fail("EINVAL", `${name} doesn't point to a type with bpf_refcount field`);
  meta.argBtf = reg.btf;
  meta.argBtfId = reg.btfId;
}

function processResSpinLock(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  if (inRbtreeLockRequiredCb(env)) env.fail("EACCES", "can't res_spin_{lock,unlock} in rbtree cb");
  if (reg.type !== T.PTR_TO_MAP_VALUE && reg.type !== ALLOC) env.fail("EINVAL", `${argName(env, i)} doesn't point to map value or allocated object`);
  if (!isResSpinLock(meta)) env.failSilently("EFAULT");
  const irq = is(meta, "bpf_res_spin_lock_irqsave") || is(meta, "bpf_res_spin_unlock_irqrestore");
  processLock(env, i + 1, { lock: is(meta, "bpf_res_spin_lock") || is(meta, "bpf_res_spin_lock_irqsave"), res: true, irq });
}

/** LSM hooks, iterators and sleepable programs cannot deadlock on css_set_lock. */
function cssTaskIterAllowed(env: Env): boolean {
  if (env.progType === "lsm") return true;
  if (env.progType === "tracing" && env.prog.attachType === "trace_iter") return true;
  return env.inSleepable();
}
