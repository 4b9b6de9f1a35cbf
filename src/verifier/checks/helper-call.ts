/** Calls of helper functions (kernel check_helper_call). */
import { needsCapability } from "./privileges.ts";
import type { HelperProto } from "../../kernel/types.ts";
import type { Insn } from "../../isa/types.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import type { Flow } from "../passes/do-check.ts";
import { markRegWritten } from "../passes/live-marks.ts";
import { helperChangesPktData, helperName } from "../passes/insn-info.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/frame.ts";
import { recordHasField } from "../state/maps.ts";
import { markRegKnownZero, registerIsNull, type RegState, regIsConst } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { BPF_F_RDONLY_PROG } from "../state/maps.ts";
import { argType } from "./arg-types.ts";
import { invalidateOutgoingStackArgs } from "./call-subprog.ts";
import { helperCallback } from "./callbacks.ts";
import { prepareFuncExit } from "./exit.ts";
import { type CallMeta, canElideNullness, checkFuncArg, newCallMeta } from "./helper-args.ts";
import { makeOldDynptr } from "./dynptr-old.ts";
import { btfReturn } from "./helper-ret-btf.ts";
import { helperSpecial, refineRetval } from "./helper-special.ts";
import { checkMapFuncCompatibility } from "./map-compat.ts";
import { checkMemAccess } from "./mem.ts";
import { clearAllPktPointers } from "./packet-range.ts";
import { attachInfo } from "../passes/attach.ts";
import { helperAllowed, helperProto } from "./helper-proto.ts";
import { acquireReference, checkResourceLeak, findReference } from "./refs.ts";
import { clearCallerSaved, markUnknown } from "./reg-arg.ts";
import { releaseByName, releaseHelperReg } from "./release.ts";
import { inSleepableContext, nonSleepableContext } from "./sleepable.ts";

const RECORDS_MAP = new Set([
  "bpf_tail_call", "bpf_map_lookup_elem", "bpf_map_update_elem", "bpf_map_delete_elem", "bpf_map_push_elem", "bpf_map_pop_elem", "bpf_map_peek_elem",
  "bpf_for_each_map_elem", "bpf_redirect_map", "bpf_map_lookup_percpu_elem",
]);
const WRITES_MAP = new Set(["bpf_map_delete_elem", "bpf_map_update_elem", "bpf_map_push_elem", "bpf_map_pop_elem"]);
const ACQUIRES = new Set(["bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp", "bpf_ringbuf_reserve", "bpf_kptr_xchg"]);
const PTR_CAST = new Set(["bpf_tcp_sock", "bpf_sk_fullsock", "bpf_skc_to_tcp_sock", "bpf_skc_to_tcp6_sock", "bpf_skc_to_udp6_sock", "bpf_skc_to_mptcp_sock", "bpf_skc_to_tcp_timewait_sock", "bpf_skc_to_tcp_request_sock"]);

export function checkHelperCall(env: Env, insn: Insn): Flow {
  const { kernel, prog } = env;
  const insnIdx = env.insnIdx;
  const func = helperName(env, insn);
  const fn = helperProto(env, insn.imm);
  const entry = kernel.helper(insn.imm);
  if (fn === "unknown") env.fail("EINVAL", `invalid func ${entry ? func : "unknown"}#${insn.imm}`);
  if (fn === "not-allowed" || (!env.bpfCapable && needsCapability(func))) env.fail("EINVAL", env.f.helper_not_allowed_new ? `program of this type cannot use helper ${func}#${insn.imm}` : `unknown func ${func}#${insn.imm}`);
  if (!prog.gplCompatible && fn.gplOnly) env.fail("EINVAL", "cannot call GPL-restricted function from non-GPL compatible program");
  if (!helperAllowed(env, fn)) env.fail("EINVAL", "helper call is not allowed in probe");
  let changesData = helperChangesPktData(env, insn);
  if (fn.mightSleep && env.f.helper_might_sleep && !inSleepableContext(env)) {
    if (!env.f.sleep_messages_new && !env.inSleepable()) env.fail("EINVAL", "helper call might sleep in a non-sleepable prog");
    env.fail("EINVAL", `sleepable helper ${func}#${insn.imm} in ${nonSleepableContext(env)}`);
  }
  if (!inSleepableContext(env)) env.aux[insnIdx]!.nonSleepable = true;

  const meta = newCallMeta(func, fn.pktAccess);
  for (let i = 0; i < 5; i++) checkFuncArg(env, i, meta, fn, insnIdx);
  recordMap(env, meta, func, insnIdx);
  recordKey(env, meta, func, insnIdx);
  for (let i = 0; i < meta.accessSize; i++) checkMemAccess(env, insnIdx, env.reg(meta.regno), meta.regno, i, 1, "write", -1, false, false);
  if (meta.newDynptr) makeOldDynptr(env, insnIdx, meta.newDynptr);
  if (meta.releaseRegno) releaseHelperReg(env, meta, insn.imm);
  else if (!env.f.release_arg_flag) releaseByName(env, meta, insn.imm);

  if (func === "bpf_tail_call") checkResourceLeak(env, false, true, "tail_call");
  else if (func === "bpf_get_local_storage") {
    if (!registerIsNull(env.reg(2))) env.fail("EINVAL", "get_local_storage() doesn't support non-zero flags");
    if (env.f.null_arg_precise) markChainPrecision(env, 2);
  } else {
    const caller = env.cur;
    const callback = helperCallback(env, insn, insnIdx, meta);
    if (callback === "entered") {
      afterEnteringCallback(env, caller, meta, insn);
      return "next";
    }
    if (callback === "none" && helperSpecial(env, meta)) changesData = true;
  }

  clearCallerSaved(env, env.cur);
  invalidateOutgoingStackArgs(env, env.cur);
  env.mut(0).subregDef = 0;
  setReturn(env, fn, meta, insnIdx, insn);
  refineRetval(env, fn, meta);
  checkMapFuncCompatibility(env, meta.map, func, insn.imm);
  if (func === "bpf_tail_call") {
    if (env.f.tail_call_walked && env.curState.curframe) {
      if (env.cur.inCallbackFn) env.fail("EINVAL", "cannot tail call within callback");
      env.markRegScratched(0);
      env.pushStack(env.insnIdx + 1, env.insnIdx);
      clearAllPktPointers(env);
      markUnknown(env, env.mut(0));
      env.insnIdx = prepareFuncExit(env) - 1;
    } else if (env.f.tail_call_walked) changesData = false;
  }
  if (changesData) clearAllPktPointers(env);
  return "next";
}

/** The call is done with in the caller before the callback is walked: its result may be anything (releases before 6.7). */
function afterEnteringCallback(env: Env, caller: FuncState, meta: CallMeta, insn: Insn): void {
  clearCallerSaved(env, caller);
  // what the callee gets counts as written there too
  for (let i = 0; i <= 5; i++) markRegWritten(env.cur.mut(i));
  const r0 = caller.mut(0);
  markUnknown(env, r0);
  r0.subregDef = 0;
  checkMapFuncCompatibility(env, meta.map, meta.func, insn.imm);
}

function recordMap(env: Env, meta: CallMeta, func: string, insnIdx: number): void {
  if (!RECORDS_MAP.has(func)) return;
  const { map } = meta;
  if (!map) env.bug("expected map for helper call");
  if (map.flags & BPF_F_RDONLY_PROG && WRITES_MAP.has(func)) env.fail("EACCES", "write into map forbidden");
  const aux = env.aux[insnIdx]!;
  if (aux.mapPtr && aux.mapPtr !== map) aux.mapPtrPoison = true;
  aux.mapPtr = map;
}
function recordKey(env: Env, meta: CallMeta, func: string, insnIdx: number): void {
  if (func !== "bpf_tail_call") return;
  if (meta.map?.type !== "prog_array") {
    env.verbose(env.f.tail_call_map_message ? "expected prog array map for tail call" : "kernel subsystem misconfigured verifier\n");
    env.failSilently("EINVAL");
  }
  const reg = env.reg(3);
  const aux = env.aux[insnIdx]!;
  if (!(regIsConst(reg, false) && reg.varOff.value < BigInt(meta.map.maxEntries))) {
    aux.mapKey = -2;
    return;
  }
  markChainPrecision(env, 3);
  const key = Number(reg.varOff.value);
  if (aux.mapKey === -1) aux.mapKey = key;
  else if (aux.mapKey !== -2 && aux.mapKey !== key) aux.mapKey = -2;
}

const acquiresRingbuf = (meta: CallMeta): boolean => meta.func === "bpf_ringbuf_reserve";
function setReturn(env: Env, fn: HelperProto, meta: CallMeta, insnIdx: number, insn: Insn): void {
  const ret = argType(fn.ret) ?? { base: fn.ret.base, flags: 0 };
  const r0 = env.mut(0);
  let { flags } = ret;
  const pointer = (type: number): void => {
    markRegKnownZero(r0);
    r0.type = type | flags;
    r0.precise = false;
  };
  let base = ret.base;
  if (base.endsWith("_OR_NULL")) {
    base = base.slice(0, -8);
    flags |= T.PTR_MAYBE_NULL;
  }
  switch (base) {
    case "RET_INTEGER":
      markUnknown(env, r0);
      break;
    case "RET_VOID":
      r0.type = T.NOT_INIT;
      break;
    case "RET_PTR_TO_MAP_VALUE": {
      const { map } = meta;
      if (!map) return env.bug("unexpected null map_ptr");
      if (meta.func === "bpf_map_lookup_elem" && canElideNullness(env, map) && meta.constMapKey >= 0n && meta.constMapKey < BigInt(map.maxEntries))
        flags &= ~T.PTR_MAYBE_NULL;
      pointer(T.PTR_TO_MAP_VALUE);
      r0.map = map;
      r0.mapUid = meta.mapUid;
      if (!(flags & T.PTR_MAYBE_NULL) && recordHasField(map.record, "spin_lock", "res_spin_lock")) r0.id = env.newId();
      break;
    }
    case "RET_PTR_TO_SOCKET": pointer(T.PTR_TO_SOCKET); break;
    case "RET_PTR_TO_SOCK_COMMON": pointer(T.PTR_TO_SOCK_COMMON); break;
    case "RET_PTR_TO_TCP_SOCK": pointer(T.PTR_TO_TCP_SOCK); break;
    case "RET_PTR_TO_ALLOC_MEM": case "RET_PTR_TO_RINGBUF_MEM": case "RET_PTR_TO_MEM": case "RET_PTR_TO_DYNPTR_MEM":
      if (base === "RET_PTR_TO_ALLOC_MEM" && env.f.log_alloc_mem_name) flags = (flags & ~T.MEM_ALLOC) | (env.f.map_keys_as_args && acquiresRingbuf(meta) ? T.MEM_RINGBUF : 0);
      pointer(T.PTR_TO_MEM);
      r0.memSize = meta.memSize;
      break;
    case "RET_PTR_TO_MEM_OR_BTF_ID": case "RET_PTR_TO_BTF_ID":
      btfReturn(env, r0, base, flags, fn, meta);
      break;
    default:
      env.unsupported(`helpers that return ${ret.base} are not simulated`);
  }
  if (T.typeMayBeNull(r0.type)) r0.id = env.newId();
  if (base === "RET_PTR_TO_MAP_VALUE" && env.f.map_lookup_refined) refineMapLookup(r0);
  identity(env, meta, insnIdx, insn);
}
/** What a map of maps or of sockets holds is no map value, null or not (kernel refine_map_lookup_value). */
function refineMapLookup(r: RegState): void {
  const map = r.map!;
  const mayBeNull = r.type & T.PTR_MAYBE_NULL;
  if (map.inner) {
    r.type = T.CONST_PTR_TO_MAP | mayBeNull;
    r.map = map.inner;
    r.mapUid = r.id;
  } else if (map.type === "xskmap" || map.type === "sockmap" || map.type === "sockhash") {
    r.type = (map.type === "xskmap" ? T.PTR_TO_XDP_SOCK : T.PTR_TO_SOCKET) | mayBeNull;
    r.mapUid = 0;
  }
}
/** Whose object the result is: cast of an argument, or newly acquired. */
function identity(env: Env, meta: CallMeta, insnIdx: number, _insn: Insn): void {
  const acquires = ACQUIRES.has(meta.func) || (meta.func === "bpf_map_lookup_elem" && (meta.map?.type === "sockmap" || meta.map?.type === "sockhash"));
  if (env.f.ref_obj_ids) {
    const r0 = env.mut(0);
    if (PTR_CAST.has(meta.func) || meta.func === "bpf_dynptr_data") r0.refObjId = meta.func === "bpf_dynptr_data" ? meta.dynptrRefObjId : meta.refObjId;
    else if (acquires) {
      const id = acquireReference(env, insnIdx);
      const r = env.mut(0);
      r.id = id;
      r.refObjId = id;
    }
    if (meta.func === "bpf_dynptr_data") env.mut(0).dynptrId = meta.dynptrId;
    return;
  }
  if (PTR_CAST.has(meta.func) && findReference(env.curState, meta.refObjId)) {
    const branch = env.pushStack(env.insnIdx + 1, env.insnIdx);
    const z = branch.cur.mut(0);
    markRegKnownZero(z);
    z.type = T.SCALAR_VALUE;
    const r0 = env.mut(0);
    r0.type &= ~T.PTR_MAYBE_NULL;
    r0.id = meta.refObjId;
  } else if (acquires) env.mut(0).id = acquireReference(env, insnIdx);
  if (meta.func === "bpf_dynptr_data") env.mut(0).parentId = meta.dynptrId;
}
