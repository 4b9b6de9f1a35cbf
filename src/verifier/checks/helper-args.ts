/** One argument of a helper call (kernel check_func_arg). */
import type { HelperProto } from "../../kernel/types.ts";
import { tnumIsConst } from "../domains/tnum.ts";
import { markChainPrecision, markPrecision } from "../passes/backtrack.ts";
import type { Env } from "../state/env.ts";
import { isSpilledScalarReg, slotType, STACK_SPILL, STACK_ZERO } from "../state/frame.ts";
import { BPF_F_INNER_MAP, type BtfField, type VMap } from "../state/maps.ts";
import { registerIsNull, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { argType, checkFuncArgRegOff, checkRegType } from "./arg-types.ts";
import { inRbtreeLockRequiredCb } from "./callbacks.ts";
import { checkConstStr } from "./const-str.ts";
import { processDynptrFunc } from "./dynptr.ts";
import { checkOldDynptrRelease, processOldDynptr } from "./dynptr-old.ts";
import { checkHelperMemAccess, checkMemSizeReg } from "./helper-mem.ts";
import { stackObjectSpi } from "./kfunc/stack-object.ts";
import { processKptrFunc } from "./kptr-xchg.ts";
import { regName } from "./mem.ts";
import { checkPtrAlignment } from "./mem-align.ts";
import { mayAccessDirectPktData } from "./mem-region.ts";
import { regIsReferenced } from "./refs.ts";
import { checkRegRead, isPointerValue } from "./reg-arg.ts";
import { processSpinLock } from "./spin-lock.ts";
import type { RawMem } from "./stack-range.ts";
import { processTimerFunc } from "./timer.ts";

/** What the arguments told, for the rest of the call (kernel struct bpf_call_arg_meta). */
export interface CallMeta extends RawMem {
  func: string;
  pktAccess: boolean;
  map: VMap | null;
  mapUid: number;
  releaseRegno: number;
  /** constant key of a lookup, -1 when unknown */
  constMapKey: bigint;
  memSize: number;
  msizeMax: bigint;
  refObjId: number;
  subprogno: number;
  retBtf: RegState["btf"];
  retBtfId: number;
  kptrField: BtfField | null;
  dynptrId: number;
  dynptrType: RegState["dynptrType"];
  dynptrRefObjId: number;
  /** 6.1: argument that becomes a dynptr, and the flags of its type */
  newDynptr: { regno: number; flags: number } | null;
}
export function newCallMeta(func: string, pktAccess: boolean): CallMeta {
  return {
    func, pktAccess, map: null, mapUid: 0, releaseRegno: 0, constMapKey: -1n, memSize: 0, msizeMax: 0n, refObjId: 0, subprogno: 0, retBtf: null, retBtfId: 0,
    kptrField: null, dynptrId: 0, dynptrType: "invalid", dynptrRefObjId: 0, newDynptr: null, rawMode: false, accessSize: 0, regno: 0,
  };
}

/** A constant array map's element is never missing for a key within it (6.15+). */
export const canElideNullness = (env: Env, map: VMap): boolean =>
  env.f.elide_lookup_null && ((map.flags & BPF_F_INNER_MAP) === 0 || !env.f.elide_not_inner) && (map.type === "array" || map.type === "percpu_array");

function resolveMapArg(env: Env, meta: CallMeta, base: string): string {
  if (!meta.map) return env.bug("invalid map_ptr to access map->type");
  if (meta.map.type === "sockmap" || meta.map.type === "sockhash") {
    if (base === "ARG_PTR_TO_MAP_VALUE") return "ARG_PTR_TO_BTF_ID_SOCK_COMMON";
    env.fail("EINVAL", "invalid arg_type for sockmap/sockhash");
  }
  return base;
}
function releaseMsgOk(env: Env, reg: RegState): boolean {
  return regIsReferenced(env, reg) || registerIsNull(reg);
}

/** Only a dynptr on the stack that holds a reference can be given back. */
function checkDynptrRelease(env: Env, reg: RegState, regno: number): void {
  if (reg.type !== T.PTR_TO_STACK) env.fail("EINVAL", "cannot release unowned const bpf_dynptr");
  const spi = stackObjectSpi(env, reg, "dynptr", 2);
  if (typeof spi !== "number" || !env.frameOf(reg).stack[spi]!.spilled.refObjId) env.fail("EINVAL", `arg ${regno} is an unacquired reference`);
}

export function checkFuncArg(env: Env, i: number, meta: CallMeta, fn: HelperProto, insnIdx: number): void {
  const regno = i + 1;
  const arg = argType(fn.args[i]);
  if (!arg) return;
  checkRegRead(env, regno);
  const reg = env.reg(regno);
  if (arg.base === "ARG_ANYTHING") {
    if (isPointerValue(env, reg)) env.fail("EACCES", `R${regno} leaks addr into helper function`);
    return;
  }
  if (T.typeIsPktPointer(reg.type) && !mayAccessDirectPktData(env, meta.pktAccess, "read")) env.fail("EACCES", "helper access to the packet is not allowed");
  if (arg.base === "ARG_PTR_TO_MAP_VALUE") {
    const base = resolveMapArg(env, meta, arg.flags === 0 ? arg.base : `${arg.base}+`);
    if (base === "ARG_PTR_TO_BTF_ID_SOCK_COMMON") arg.base = base;
    if (meta.map!.type === "bloom_filter" && meta.func === "bpf_map_peek_elem") arg.flags = 0;
  }
  if (registerIsNull(reg) && arg.flags & T.PTR_MAYBE_NULL) {
    if (env.f.null_arg_precise) markChainPrecision(env, regno);
  } else {
    checkRegType(env, reg, regno, arg, fn.argBtf?.[i] ?? null, meta.func, meta);
    checkFuncArgRegOff(env, reg, regno, arg);
  }
  if (arg.flags & T.OBJ_RELEASE) {
    if (arg.base === "ARG_PTR_TO_DYNPTR") {
      if (!env.f.dynptr_slots_watched) checkOldDynptrRelease(env, reg, regno);
      else if (env.f.ref_obj_ids) checkDynptrRelease(env, reg, regno);
    } else if (!releaseMsgOk(env, reg))
      env.fail("EINVAL", env.f.release_message_new
        ? `release helper ${meta.func} expects referenced PTR_TO_BTF_ID passed to ${regName(regno)}`
        : `R${regno} must be referenced when passed to release function`);
    meta.releaseRegno = regno;
  }
  if (env.f.ref_obj_ids && reg.refObjId && meta.refObjId && arg.base !== "ARG_KPTR_XCHG_DEST") {
    env.verbose(`more than one arg with ref_obj_id R${regno} ${reg.refObjId} ${meta.refObjId}`);
    env.failSilently("EACCES");
  }
  // Where a kernel pointer is exchanged may be a local object: its reference is not what the call is about.
  if (regIsReferenced(env, reg) && !(env.f.ref_obj_ids && arg.base === "ARG_KPTR_XCHG_DEST")) meta.refObjId = env.f.ref_obj_ids ? reg.refObjId : reg.id;
  checkByType(env, i, meta, fn, arg.base, arg.flags, insnIdx);
}

function checkByType(env: Env, i: number, meta: CallMeta, fn: HelperProto, base: string, flags: number, insnIdx: number): void {
  const regno = i + 1;
  const reg = env.reg(regno);
  const access = env.f.helper_mem_write_flag ? (flags & T.MEM_WRITE ? "write" : "read") : flags & T.MEM_UNINIT || base.includes("UNINIT") ? "write" : "read";
  switch (base) {
    case "ARG_CONST_MAP_PTR":
      if (meta.map && (meta.map !== reg.map || meta.mapUid !== reg.mapUid))
        env.fail("EINVAL", `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`);
      meta.map = reg.map;
      meta.mapUid = reg.mapUid;
      return;
    case "ARG_PTR_TO_MAP_KEY": {
      if (!meta.map) return env.bug("invalid map_ptr to access map->key");
      const size = meta.map.keySize;
      checkHelperMemAccess(env, reg, regno, size, "read", false, null);
      if (canElideNullness(env, meta.map)) meta.constMapKey = constantMapKey(env, reg, size);
      return;
    }
    case "ARG_PTR_TO_MAP_VALUE":
    case "ARG_PTR_TO_UNINIT_MAP_VALUE":
      if (flags & T.PTR_MAYBE_NULL && registerIsNull(reg)) return;
      if (!meta.map) return env.bug("invalid map_ptr to access map->value");
      meta.rawMode = (flags & T.MEM_UNINIT) !== 0 || base.includes("UNINIT");
      checkHelperMemAccess(env, reg, regno, meta.map.valueSize, access, false, meta);
      return;
    case "ARG_PTR_TO_PERCPU_BTF_ID":
      if (!reg.btfId) env.fail("EACCES", `Helper has invalid btf_id in R${regno}`);
      meta.retBtf = reg.btf;
      meta.retBtfId = reg.btfId;
      return;
    case "ARG_PTR_TO_SPIN_LOCK":
      if (inRbtreeLockRequiredCb(env)) env.fail("EACCES", "can't spin_{lock,unlock} in rbtree cb");
      processSpinLock(env, regno, meta.func === "bpf_spin_lock");
      return;
    case "ARG_PTR_TO_TIMER":
      processTimerFunc(env, regno, meta);
      return;
    case "ARG_PTR_TO_FUNC":
      meta.subprogno = reg.subprogno;
      return;
    case "ARG_PTR_TO_MEM":
    case "ARG_PTR_TO_UNINIT_MEM": {
      meta.rawMode = (flags & T.MEM_UNINIT) !== 0 || base.includes("UNINIT");
      if (!(flags & T.MEM_FIXED_SIZE)) return;
      const size = fn.argSize?.[i] ?? 0;
      checkHelperMemAccess(env, reg, regno, size, access, false, meta);
      if (flags & T.MEM_ALIGNED) checkPtrAlignment(env, env.reg(regno), 0, size, true);
      return;
    }
    case "ARG_PTR_TO_INT":
    case "ARG_PTR_TO_LONG": {
      const size = base === "ARG_PTR_TO_INT" ? 4 : 8;
      checkHelperMemAccess(env, reg, regno, size, access, false, meta);
      checkPtrAlignment(env, env.reg(regno), 0, size, true);
      return;
    }
    case "ARG_CONST_SIZE":
    case "ARG_CONST_SIZE_OR_ZERO": {
      const prev = argType(fn.args[i - 1]);
      const write = env.f.helper_mem_write_flag ? ((prev?.flags ?? 0) & T.MEM_WRITE) !== 0 : ((prev?.flags ?? 0) & T.MEM_UNINIT || prev?.base.includes("UNINIT")) && tnumIsConst(reg.varOff);
      meta.msizeMax = reg.r64.umax;
      checkMemSizeReg(env, regno - 1, regno, write ? "write" : "read", base === "ARG_CONST_SIZE_OR_ZERO", meta);
      return;
    }
    case "ARG_PTR_TO_DYNPTR":
      if (env.f.dynptr_slots_watched) processDynptrFunc(env, regno, insnIdx, flags, meta);
      else processOldDynptr(env, regno, flags, meta);
      return;
    case "ARG_CONST_ALLOC_SIZE_OR_ZERO":
      if (env.f.alloc_size_as_kfuncs) {
        if (!tnumIsConst(reg.varOff)) env.fail("EINVAL", `R${regno} is not a const`);
        if (reg.varOff.value > 0xffff_ffffn) env.fail("EINVAL", `R${regno} allocation size exceeds u32 max`);
      }
      if (!tnumIsConst(reg.varOff)) env.fail("EACCES", env.f.alloc_size_message_new ? `R${regno} is not a known constant'` : `R${regno} unbounded size, use 'var &= const' or 'if (var < const)'`);
      meta.memSize = Number(BigInt.asUintN(32, reg.varOff.value));
      if (env.f.alloc_size_precise) markChainPrecision(env, regno);
      return;
    case "ARG_PTR_TO_CONST_STR":
      checkConstStr(env, regno);
      return;
    case "ARG_KPTR_XCHG_DEST":
    case "ARG_PTR_TO_KPTR":
      processKptrFunc(env, regno, meta);
      return;
  }
}

/** The key on the stack where it is a constant, else -1 (kernel get_constant_map_key). */
function constantMapKey(env: Env, key: RegState, size: number): bigint {
  if (!env.bpfCapable || key.type !== T.PTR_TO_STACK || !tnumIsConst(key.varOff)) return -1n;
  const frame = env.frameOf(key);
  const off = Number(BigInt.asIntN(32, key.varOff.value)) + key.off;
  const slotNo = -off - 1;
  const spi = slotNo >> 3, at = slotNo & 7;
  const slot = frame.stack[spi];
  if (!slot) return -1n;
  let zeros = 0;
  for (let i = at; i >= 0 && slotType(slot.types, i) === STACK_ZERO; i--) zeros++;
  if (zeros >= size) return 0n;
  if (!isSpilledScalarReg(slot)) return -1n;
  let spills = 0;
  for (let i = at; i >= 0 && slotType(slot.types, i) === STACK_SPILL; i--) spills++;
  if (spills !== size || !tnumIsConst(slot.spilled.varOff)) return -1n;
  env.bt.setFrameSlot(key.frameno, spi);
  markPrecision(env, env.curState, -1);
  return BigInt.asIntN(64, slot.spilled.varOff.value);
}
