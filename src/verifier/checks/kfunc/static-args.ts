/**
 * Arguments of kfuncs as 7.3 sees them: what an argument is follows from the kfunc's BTF alone, not from what the program
 * passes (kernel get_kfunc_arg_type, check_kfunc_args).
 */
import { type BtfParam, BtfKind, type BtfType } from "../../../btf/types.ts";
import { markChainPrecision } from "../../passes/backtrack.ts";
import { regTypeStr } from "../../report/print-state.ts";
import type { Env } from "../../state/env.ts";
import { VerifierError } from "../../state/errors.ts";
import { registerIsNull, type RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { checkFuncArgRegOff } from "../arg-types.ts";
import { checkKfuncMemSize } from "../helper-mem.ts";
import { regIsReferenced } from "../refs.ts";
import { isRcuReg, isTrustedReg } from "../trust.ts";
import { type ArgKind, REG_STRUCT } from "./arg-kind.ts";
import { isProgCtxType } from "../ctx-type.ts";
import { argName, btfKindStr, hasSuffix, isScalarStruct, isScalarType, isStructType, type KfuncMeta, pointsToFunc, pointsToStruct } from "./meta.ts";
import { is, isIterKfunc } from "./special.ts";

const U32_MAX = 0xffff_ffffn;
/** What the caller does with an argument of a kind both ways of seeing them share. */
export type ProcessArg = (env: Env, meta: KfuncMeta, i: number, insnIdx: number, kind: ArgKind, ref: BtfType) => boolean;

const isSize = (meta: KfuncMeta, p: BtfParam | undefined): boolean => p !== undefined && isScalarType(meta.btf.resolve(p.type)) && (hasSuffix(p, "__sz") || hasSuffix(p, "__szk"));
const isArena = (p: BtfParam): boolean => hasSuffix(p, "__arena__nullable") || hasSuffix(p, "__arena");
const isNullable = (p: BtfParam): boolean => hasSuffix(p, "__nullable") || hasSuffix(p, "__arena");

const SUFFIXES: readonly (readonly [string, ArgKind])[] = [["__alloc", "alloc_btf_id"], ["__refcounted_kptr", "refcounted_kptr"]];
const LATER_SUFFIXES: readonly (readonly [string, ArgKind | "const_map"])[] = [["__str", "const_str"], ["__const_map", "const_map"], ["__map", "map"]];
const GRAPH: readonly (readonly [string, ArgKind])[] = [["bpf_list_head", "list_head"], ["bpf_list_node", "list_node"], ["bpf_rb_root", "rb_root"], ["bpf_rb_node", "rb_node"]];
const OBJECTS: readonly (readonly [string, ArgKind])[] = [["bpf_wq", "wq"], ["bpf_timer", "timer"], ["bpf_task_work", "task_work"]];

/** "sized_mem": its size is the next argument. */
type PointerKind = ArgKind | "const_map" | "arena" | "sized_mem";
function pointerKind(env: Env, meta: KfuncMeta, i: number, ref: BtfType): PointerKind {
  const p = meta.proto.params[i]!;
  const bySuffix = <K>(list: readonly (readonly [string, K])[]): K | undefined => list.find(([suffix]) => hasSuffix(p, suffix))?.[1];
  const byStruct = (list: readonly (readonly [string, ArgKind])[]): ArgKind | undefined => list.find(([name]) => pointsToStruct(meta.btf, p, name))?.[1];
  if (is(meta, "bpf_cast_to_kern_ctx") || is(meta, "bpf_session_is_return") || is(meta, "bpf_session_cookie") || isProgCtxType(env, meta.btf, p.type, i)) return "ctx";
  const early = bySuffix(SUFFIXES);
  if (early) return early;
  if (pointsToStruct(meta.btf, p, "bpf_dynptr") || pointsToStruct(meta.btf, p, "bpf_dynptr_kern")) return "dynptr";
  if (isIterKfunc(meta) ? i === 0 : hasSuffix(p, "__iter")) return "iter";
  const found = byStruct(GRAPH) ?? bySuffix(LATER_SUFFIXES) ?? byStruct(OBJECTS) ?? (hasSuffix(p, "__irq_flag") ? "irq_flag" : byStruct([["bpf_res_spin_lock", "res_spin_lock"]]));
  if (found) return found;
  if (pointsToFunc(meta.btf, p)) return "callback";
  const name = argName(env, i);
  const what = `${name} pointer type ${btfKindStr(ref)} ${ref.name} must point to`;
  if (isArena(p)) {
    if (!env.usesArena) env.fail("EINVAL", `${name} arena pointer requires a program with an associated arena`);
    return "arena";
  }
  const scalars = (): boolean => isScalarType(ref) || isScalarStruct(env, meta.btf, ref);
  if (isSize(meta, meta.proto.params[i + 1])) {
    if (ref.kind !== BtfKind.VOID && !scalars()) env.fail("EINVAL", `${what} void, scalar, or struct with scalar`);
    return "sized_mem";
  }
  if (isStructType(ref)) return "btf_id";
  if (!scalars()) env.fail("EINVAL", `${what} scalar, or struct with scalar`);
  return "mem";
}

export function checkStaticArg(env: Env, meta: KfuncMeta, i: number, insnIdx: number, process: ProcessArg): void {
  const p = meta.proto.params[i]!;
  const reg = env.reg(i + 1);
  const name = argName(env, i);
  const t = meta.btf.resolve(p.type);
  if (isScalarType(t)) {
    checkFuncArgRegOff(env, reg, i + 1, null);
    return scalarArg(env, meta, i, reg);
  }
  const ref = t?.kind === BtfKind.PTR ? meta.btf.resolve(t.type) : undefined;
  if (!ref) return env.fail("EINVAL", `Unrecognized ${name} type ${btfKindStr(t)}`);
  const kind = pointerKind(env, meta, i, ref);
  const nullable = isNullable(p);
  if ((registerIsNull(reg) || T.typeMayBeNull(reg.type)) && !nullable) env.failReported("EACCES", `Possibly NULL pointer passed to trusted ${name}`);
  const released = i + 1 === meta.releaseRegno;
  if (released && kind !== "dynptr" && !regIsReferenced(env, reg) && !registerIsNull(reg))
    env.failReported("EINVAL", `release kfunc ${meta.name} expects referenced PTR_TO_BTF_ID passed to ${name}`);
  if (regIsReferenced(env, reg)) {
    meta.refObjId = reg.id;
    meta.refObjCount++;
  }
  if (registerIsNull(reg) && nullable) return markChainPrecision(env, i + 1);
  const base = kind === "dynptr" ? "ARG_PTR_TO_DYNPTR" : kind === "ctx" ? "ARG_PTR_TO_CTX" : kind === "refcounted_kptr" ? "ARG_PTR_TO_BTF_ID" : "ARG_DONTCARE";
  checkFuncArgRegOff(env, reg, i + 1, { base, flags: released ? T.OBJ_RELEASE : 0 }, kind !== "refcounted_kptr");
  switch (kind) {
    case "sized_mem":
      return;
    case "arena":
      if (reg.type !== T.PTR_TO_ARENA && reg.type !== T.SCALAR_VALUE) env.fail("EINVAL", `${name} is not a pointer to arena or scalar`);
      return;
    case "const_map":
      return constMap(env, meta, i, reg);
    case "map":
    case "btf_id":
      if (kernelObject(env, meta, i, reg, kind === "map" ? env.kernel.btf?.type(env.kernel.btf.find(BtfKind.STRUCT, "bpf_map") ?? 0) : ref)) process(env, meta, i, insnIdx, kind, ref);
      else process(env, meta, i, insnIdx, "mem", ref);
      return;
    default:
      process(env, meta, i, insnIdx, kind, ref);
  }
}

/** False where the struct is plain memory to the kfunc, and so may be the program's own. */
function kernelObject(env: Env, meta: KfuncMeta, i: number, reg: RegState, ref: BtfType | undefined): boolean {
  const name = argName(env, i);
  const base = T.baseType(reg.type);
  if (base === T.PTR_TO_BTF_ID || REG_STRUCT.has(base)) {
    if (!isTrustedReg(env, reg) || T.typeHasUnsafeModifiers(reg.type)) {
      if (!meta.flags.has("KF_RCU")) env.failReported("EINVAL", `${name} must be referenced or trusted`);
      if (!isRcuReg(reg)) env.failReported("EINVAL", `${name} must be a rcu pointer`);
    }
    return true;
  }
  if (ref && isScalarStruct(env, meta.btf, ref)) return false;
  const own = [...REG_STRUCT].find(([, struct]) => struct === ref?.name);
  return env.failReported("EINVAL", `${name} is ${regTypeStr(env, reg.type)} expected ${btfKindStr(ref)} ${ref?.name ?? ""}${own ? ` or ${regTypeStr(env, own[0])}` : ""}`);
}

function constMap(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  if (T.baseType(reg.type) !== T.CONST_PTR_TO_MAP || T.typeMayBeNull(reg.type)) env.fail("EINVAL", `pointer in ${argName(env, i)} isn't map pointer`);
  if (meta.map && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
    const { record } = meta.map;
    const what = record && record.timerOff >= 0 ? "timer" : record && record.taskWorkOff >= 0 ? "bpf_task_work" : "workqueue";
    env.fail("EINVAL", `${what} pointer in R${i} map_uid=${meta.mapUid} doesn't match map pointer in ${argName(env, i)} map_uid=${reg.mapUid}`);
  }
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

function scalarArg(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  const p = meta.proto.params[i]!;
  const name = argName(env, i);
  const constantSize = hasSuffix(p, "__szk"), size = hasSuffix(p, "__sz");
  const rdonly = p.name === "rdonly_buf_size";
  if (constantSize) constant(env, meta, i, reg);
  if (reg.type !== T.SCALAR_VALUE) env.failReported("EINVAL", `${name} is not a scalar`);
  if (hasSuffix(p, "__k")) return constant(env, meta, i, reg);
  if (constantSize || size) return sizeOfMemory(env, i);
  if (!rdonly && p.name !== "rdwr_buf_size") return;
  if (meta.r0Size) env.bug("only one allocation size argument permitted");
  meta.r0Rdonly ||= rdonly;
  if (reg.varOff.mask !== 0n) env.failReported("EINVAL", `${name} is not a const`);
  if (reg.varOff.value > U32_MAX) env.failReported("EINVAL", `${name} allocation size exceeds u32 max`);
  markChainPrecision(env, i + 1);
  meta.r0Size = Number(reg.varOff.value);
}
function constant(env: Env, meta: KfuncMeta, i: number, reg: RegState): void {
  if (meta.argConstant !== null) env.bug("only one constant argument permitted");
  if (reg.varOff.mask !== 0n) env.failReported("EINVAL", `${argName(env, i)} must be a known constant`);
  markChainPrecision(env, i + 1);
  meta.argConstant = reg.varOff.value;
}
/** The memory is the argument before. */
function sizeOfMemory(env: Env, i: number): void {
  if (registerIsNull(env.reg(i))) return;
  try {
    checkKfuncMemSize(env, i);
  } catch (e) {
    if (e instanceof VerifierError) env.verbose(`${argName(env, i - 1)} and ${argName(env, i)} memory, len pair leads to invalid memory access\n`);
    throw e;
  }
}
