/**
 * Arguments of a kfunc call before 6.2: judged by the register's type first, then by what the prototype says (kernel
 * btf_check_func_arg_match of 6.1). Fills `meta` with what is released and with the size of the memory returned.
 */
import { BtfKind, type BtfParam, type BtfType } from "../../../btf/types.ts";
import { markChainPrecision } from "../../passes/backtrack.ts";
import { markRegRead } from "../../passes/live-marks.ts";
import { btfTypeName } from "../../report/print-state.ts";
import type { Env } from "../../state/env.ts";
import { VerifierError } from "../../state/errors.ts";
import { recordFind } from "../../state/maps.ts";
import type { RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { checkFuncArgRegOff } from "../arg-types.ts";
import { structIdsMatch } from "../btf-match.ts";
import { isProgCtxType } from "../ctx-type.ts";
import { oldDynptrValid } from "../dynptr-old.ts";
import { checkKfuncMemSize, checkMemReg } from "../helper-mem.ts";
import { btfKindStr, hasSuffix, isScalarStruct, isScalarType, isStructType, isVoidType, type KfuncMeta } from "./meta.ts";

const U32_MAX = 0xffff_ffffn;
/** Kernel struct behind a register type that is no BTF pointer (kernel reg2btf_ids). */
const REG_STRUCT: ReadonlyMap<number, string> = new Map([[T.PTR_TO_SOCKET, "sock"], [T.PTR_TO_SOCK_COMMON, "sock_common"], [T.PTR_TO_TCP_SOCK, "tcp_sock"]]);

export function checkOldKfuncArgs(env: Env, meta: KfuncMeta): void {
  const { params } = meta.proto;
  if (params.length > 5) env.fail("EINVAL", `Function ${meta.name} has ${params.length} > 5 args`);
  const release = meta.flags.has("KF_RELEASE");
  for (let i = 0; i < params.length; i++) if (arg(env, meta, i, release)) i++;
  if (release && !meta.refObjId) env.fail("EINVAL", `release kernel function ${meta.name} expects refcounted PTR_TO_BTF_ID`);
  if (meta.flags.has("KF_SLEEPABLE") && !env.prog.sleepable) env.fail("EINVAL", `kernel function ${meta.name} is sleepable but the program is not`);
}
/** The arguments were read: marked only once the call is through (kernel mark_btf_func_reg_size). */
export function markKfuncArgs(env: Env, meta: KfuncMeta): void {
  meta.proto.params.forEach((p, i) => {
    const t = meta.btf.resolve(p.type);
    const full = t?.kind === BtfKind.PTR || (t !== undefined && "size" in t && t.size === 8);
    if (full) env.mut(i + 1).subregDef = 0;
    markRegRead(env, env.reg(i + 1), full);
  });
}

/** True: the next argument, its size, is dealt with too. */
function arg(env: Env, meta: KfuncMeta, i: number, release: boolean): boolean {
  const regno = i + 1;
  const reg = env.reg(regno);
  const t = meta.btf.resolve(meta.proto.params[i]!.type);
  if (isScalarType(t)) {
    scalar(env, meta, meta.proto.params[i]!, regno, reg);
    return false;
  }
  if (t?.kind !== BtfKind.PTR) return env.fail("EINVAL", `Unrecognized arg#${i} type ${btfKindStr(t)}`);
  const trusted = meta.flags.has("KF_TRUSTED_ARGS");
  const object = reg.type === T.PTR_TO_CTX || reg.type === T.PTR_TO_BTF_ID || REG_STRUCT.has(T.baseType(reg.type));
  if (trusted && object && reg.type !== T.PTR_TO_CTX && !reg.refObjId) env.fail("EINVAL", `R${regno} must be referenced`);
  const strict = (trusted && object) || (release && reg.refObjId !== 0);
  checkFuncArgRegOff(env, reg, regno, { base: "ARG_DONTCARE", flags: strict ? T.OBJ_RELEASE : 0 });
  if (reg.refObjId) {
    if (meta.refObjId) env.fail("EFAULT", `verifier internal error: more than one arg with ref_obj_id R${regno} ${reg.refObjId} ${meta.refObjId}`);
    meta.refObjId = reg.refObjId;
    if (release) meta.releaseRegno = regno;
  }
  const ref = meta.btf.resolve(t.type)!;
  if (i === 0 && meta.flags.has("KF_KPTR_GET")) kptrGet(env, meta, reg, ref);
  else if (isProgCtxType(env, meta.btf, meta.proto.params[i]!.type, i)) {
    if (reg.type !== T.PTR_TO_CTX) env.fail("EINVAL", `arg#${i} expected pointer to ctx, but got ${btfKindStr(t)}`);
  } else if (reg.type === T.PTR_TO_BTF_ID || REG_STRUCT.has(reg.type)) struct(env, meta, i, reg, ref, trusted || (release && reg.refObjId !== 0));
  else return memory(env, meta, i, reg, ref);
  return false;
}

function scalar(env: Env, meta: KfuncMeta, p: BtfParam, regno: number, reg: RegState): void {
  const rdonly = p.name === "rdonly_buf_size";
  if (reg.type === T.SCALAR_VALUE && (rdonly || p.name === "rdwr_buf_size")) {
    meta.r0Rdonly ||= rdonly;
    if (meta.r0Size) {
      env.verbose("2 or more rdonly/rdwr_buf_size parameters for kfunc");
      env.failSilently("EINVAL");
    }
    if (reg.varOff.mask !== 0n) env.fail("EINVAL", `R${regno} is not a const`);
    if (reg.varOff.value > U32_MAX) env.fail("EINVAL", `R${regno} rdonly/rdwr_buf_size exceeds u32 max`);
    meta.r0Size = Number(reg.varOff.value);
    markChainPrecision(env, regno);
  }
  if (env.reg(regno).type !== T.SCALAR_VALUE) env.fail("EINVAL", `R${regno} is not a scalar`);
}

/** The field of a map value whose object the kfunc takes another reference of. */
function kptrGet(env: Env, meta: KfuncMeta, reg: RegState, ref: BtfType): void {
  if (reg.type !== T.PTR_TO_MAP_VALUE) env.fail("EINVAL", "arg#0 expected pointer to map value");
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", "arg#0 must have constant offset");
  const off = BigInt(reg.off) + reg.varOff.value;
  const field = recordFind(reg.map!.record, Number(off), "kptr_ref");
  if (!field?.kptr) return env.fail("EINVAL", `arg#0 no referenced kptr at map value offset=${BigInt.asUintN(64, off)}`);
  if (ref.kind !== BtfKind.PTR) return env.fail("EINVAL", "arg#0 BTF type must be a double pointer");
  const to = meta.btf.resolve(ref.type);
  if (!to || !isStructType(to)) return env.fail("EINVAL", `kernel function ${meta.name} args#0 pointer type ${btfKindStr(to)} ${to?.name ?? ""} is not supported`);
  if (!structIdsMatch(env, meta.btf, to.id, 0, field.kptr.btf, field.kptr.btfId, true))
    env.fail("EINVAL", `kernel function ${meta.name} args#0 expected pointer to ${btfKindStr(to)} ${to.name}`);
}

function struct(env: Env, meta: KfuncMeta, i: number, reg: RegState, ref: BtfType, strict: boolean): void {
  if (!isStructType(ref)) env.fail("EINVAL", `kernel function ${meta.name} args#${i} pointer type ${btfKindStr(ref)} ${ref.name} is not supported`);
  const kernel = env.kernel.btf!;
  const btf = reg.type === T.PTR_TO_BTF_ID ? reg.btf! : kernel;
  const id = reg.type === T.PTR_TO_BTF_ID ? reg.btfId : (kernel.find(BtfKind.STRUCT, REG_STRUCT.get(reg.type)!) ?? 0);
  const own = btf.resolve(id);
  if (!own || !structIdsMatch(env, btf, own.id, reg.off, meta.btf, ref.id, strict))
    env.fail("EINVAL", `kernel function ${meta.name} args#${i} expected pointer to ${btfKindStr(ref)} ${ref.name} but R${i + 1} has a pointer to ${btfKindStr(own)} ${btfTypeName(btf, own?.id ?? 0)}`);
}

function memory(env: Env, meta: KfuncMeta, i: number, reg: RegState, ref: BtfType): boolean {
  const next = meta.proto.params[i + 1];
  const sized = next !== undefined && hasSuffix(next, "__sz") && isScalarType(meta.btf.resolve(next.type)) && env.reg(i + 2).type === T.SCALAR_VALUE;
  const what = `arg#${i} pointer type ${btfKindStr(ref)} ${ref.name}`;
  const dynptr = isStructType(ref) && ref.name === "bpf_dynptr_kern";
  if (!isScalarType(ref) && !isScalarStruct(env, meta.btf, ref) && !dynptr && !(sized && isVoidType(ref)))
    env.fail("EINVAL", `${what} must point to ${sized ? "void, " : ""}scalar, or struct with scalar`);
  if (dynptr) {
    if (reg.type !== T.PTR_TO_STACK) env.fail("EINVAL", `${what} not to stack`);
    if (!oldDynptrValid(env, reg)) env.fail("EINVAL", `${what} must be valid and initialized`);
    if (env.frameOf(reg).stack[Math.trunc((-reg.off - 1) / 8)]!.spilled.dynptrType !== "local") env.fail("EINVAL", `${what} points to unsupported dynamic pointer type`);
    return false;
  }
  if (sized) {
    try {
      checkKfuncMemSize(env, i + 1);
    } catch (e) {
      if (e instanceof VerifierError) env.verbose(`arg#${i} arg#${i + 1} memory, len pair leads to invalid memory access\n`);
      throw e;
    }
    return true;
  }
  const size = meta.btf.sizeOf(ref.id);
  if (size === undefined) return env.fail("EINVAL", `arg#${i} reference type('${btfKindStr(ref)} ${ref.name}') size cannot be determined: -22`);
  checkMemReg(env, i + 1, reg, () => env.mut(i + 1), size);
  return false;
}
