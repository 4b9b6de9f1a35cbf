/** Register states before 6.8: numbers in decimal; before 5.18 bounds are named umin_value and scalars "inv". */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import { S32_MAX_N, S32_MIN_N, U32_MAX_N } from "../domains/range.ts";
import { tnumIsConst, tnumIsUnknown } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { btfTypeName, regTypeStr, tnumStr } from "./print-state.ts";

/** 6.1: `scalar(id=1,umax=255,var_off=(0x0; 0xff))` with decimal numbers; 5.10: `inv(id=1,umax_value=255,var_off=(0x0; 0xff))`. */
export function printOldRegState(env: Env, reg: RegState): string {
  const terse = env.f.log_says_scalar;
  const t = reg.type;
  const precise = t === T.SCALAR_VALUE && reg.precise ? "P" : "";
  const constOff = tnumIsConst(reg.varOff);
  const off = BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off);
  if ((t === T.SCALAR_VALUE || t === T.PTR_TO_STACK) && constOff) return `${named(env, t, precise)}${off}`;
  let out = terse ? precise + regTypeStr(env, t) : regTypeStr(env, t) + precise;
  const base = T.baseType(t);
  if (base === T.PTR_TO_BTF_ID || base === T.PTR_TO_PERCPU_BTF_ID) out += btfTypeName(reg.btf, reg.btfId);
  const a: string[] = [];
  if (!terse || reg.id) a.push(`id=${reg.id}`);
  if (mayBeCounted(t, terse) && (!terse || reg.refObjId)) a.push(`ref_obj_id=${reg.refObjId}`);
  if (T.typeIsNonOwningRef(t)) a.push("non_own_ref");
  if (t !== T.SCALAR_VALUE) a.push(`off=${reg.off}`);
  if (T.typeIsPktPointer(t)) a.push(`r=${reg.range}`);
  else if (base === T.CONST_PTR_TO_MAP || base === T.PTR_TO_MAP_KEY || base === T.PTR_TO_MAP_VALUE) a.push(`ks=${reg.map?.keySize ?? 0},vs=${reg.map?.valueSize ?? 0}`);
  if (constOff) {
    a.push(`imm=${BigInt.asUintN(64, reg.varOff.value).toString(16)}`);
  } else {
    const v = terse ? "" : "_value";
    const { r64, r32 } = reg;
    if (BigInt.asUintN(64, r64.smin) !== r64.umin && r64.smin !== S64_MIN) a.push(`smin${v}=${r64.smin}`);
    if (BigInt.asUintN(64, r64.smax) !== r64.umax && r64.smax !== S64_MAX) a.push(`smax${v}=${r64.smax}`);
    if (r64.umin !== 0n) a.push(`umin${v}=${r64.umin}`);
    if (r64.umax !== U64_MAX) a.push(`umax${v}=${r64.umax}`);
    if (!tnumIsUnknown(reg.varOff)) a.push(`var_off=${tnumStr(env, reg.varOff)}`);
    const m = terse ? ["s32_min", "s32_max", "u32_min", "u32_max"] : ["s32_min_value", "s32_max_value", "u32_min_value", "u32_max_value"];
    if (BigInt(r32.smin) !== r64.smin && r32.smin !== S32_MIN_N) a.push(`${m[0]}=${r32.smin}`);
    if (BigInt(r32.smax) !== r64.smax && r32.smax !== S32_MAX_N) a.push(`${m[1]}=${r32.smax}`);
    if (BigInt(r32.umin) !== r64.umin && r32.umin !== 0) a.push(`${m[2]}=${r32.umin | 0}`);
    if (BigInt(r32.umax) !== r64.umax && r32.umax !== U32_MAX_N) a.push(`${m[3]}=${r32.umax | 0}`);
  }
  return `${out}(${a.join(",")})`;
}

/** `P` and, but for scalars since 5.18, the type: what stands before a constant. */
function named(env: Env, t: number, precise: string): string {
  if (!env.f.log_says_scalar) return regTypeStr(env, t) + precise;
  return precise + (t === T.SCALAR_VALUE ? "" : regTypeStr(env, t));
}
/** Kernel reg_type_may_be_refcounted_or_null; BTF pointers are among them in 6.1, not in 5.10. */
function mayBeCounted(t: number, btf: boolean): boolean {
  const base = T.baseType(t);
  return base === T.PTR_TO_SOCKET || base === T.PTR_TO_TCP_SOCK || base === T.PTR_TO_MEM || (btf && base === T.PTR_TO_BTF_ID);
}

/** A spilled register: its type, and the value of a constant. */
export function printOldSpill(env: Env, reg: RegState): string {
  const t = reg.type;
  const out = named(env, t, t === T.SCALAR_VALUE && reg.precise ? "P" : "");
  return t === T.SCALAR_VALUE && tnumIsConst(reg.varOff) ? out + (BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off)).toString() : out;
}
