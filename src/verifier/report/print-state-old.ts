/** Register states before 6.8: numbers in decimal, bounds named umin_value, "inv" instead of "scalar" before 5.18. */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import { S32_MAX_N, S32_MIN_N, U32_MAX_N } from "../domains/range.ts";
import { tnumIsConst, tnumIsUnknown } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { btfTypeName, regTypeStr, tnumStr } from "./print-state.ts";

/** 6.1: `scalar(id=1,umax=255,var_off=(0x0; 0xff))` with decimal numbers; 5.10: `inv(id=1,umax_value=255,var_off=(0x0; 0xff))`. */
export function printOldRegState(env: Env, frame: FuncState, reg: RegState): string {
  const terse = env.f.log_says_scalar;
  const t = reg.type;
  let out = t === T.SCALAR_VALUE && reg.precise ? "P" : "";
  const constOff = tnumIsConst(reg.varOff);
  const off = BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off);
  if ((t === T.SCALAR_VALUE || t === T.PTR_TO_STACK) && constOff) {
    if (terse) return out + (t === T.SCALAR_VALUE ? "" : regTypeStr(env, t)) + off.toString();
    return `${out}${regTypeStr(env, t)}${t === T.PTR_TO_STACK && frame.frameno !== reg.frameno ? `[${reg.frameno}]` : ""}${off}`;
  }
  out += regTypeStr(env, t);
  const base = T.baseType(t);
  if (base === T.PTR_TO_BTF_ID || base === T.PTR_TO_PERCPU_BTF_ID) out += btfTypeName(reg.btf, reg.btfId);
  const a: string[] = [];
  if (!terse || reg.id) a.push(`id=${reg.id}`);
  if (reg.refObjId) a.push(`ref_obj_id=${reg.refObjId}`);
  if (T.typeIsNonOwningRef(t)) a.push("non_own_ref");
  if (t !== T.SCALAR_VALUE) a.push(`off=${reg.off}`);
  if (T.typeIsPktPointer(t)) a.push(`r=${reg.range}`);
  else if (base === T.CONST_PTR_TO_MAP || base === T.PTR_TO_MAP_KEY || base === T.PTR_TO_MAP_VALUE) a.push(`ks=${reg.map?.keySize ?? 0},vs=${reg.map?.valueSize ?? 0}`);
  else if (base === T.PTR_TO_MEM && env.f.log_mem_size_old) a.push(`mem_size=${reg.memSize}`);
  if (constOff) {
    a.push(`imm=${BigInt.asIntN(64, reg.varOff.value).toString(16)}`);
  } else {
    const v = terse ? "" : "_value";
    const { r64, r32 } = reg;
    if (r64.smin !== r64.umin && r64.smin !== S64_MIN) a.push(`smin${v}=${r64.smin}`);
    if (r64.smax !== r64.umax && r64.smax !== S64_MAX) a.push(`smax${v}=${r64.smax}`);
    if (r64.umin !== 0n) a.push(`umin${v}=${r64.umin}`);
    if (r64.umax !== U64_MAX) a.push(`umax${v}=${r64.umax}`);
    if (!tnumIsUnknown(reg.varOff)) a.push(`var_off=${tnumStr(env, reg.varOff)}`);
    const m = terse ? ["s32_min", "s32_max", "u32_min", "u32_max"] : ["s32_min_value", "s32_max_value", "u32_min_value", "u32_max_value"];
    if (BigInt(r32.smin) !== r64.smin && r32.smin !== S32_MIN_N) a.push(`${m[0]}=${r32.smin}`);
    if (BigInt(r32.smax) !== r64.smax && r32.smax !== S32_MAX_N) a.push(`${m[1]}=${r32.smax}`);
    if (BigInt(r32.umin) !== r64.umin && r32.umin !== 0) a.push(`${m[2]}=${r32.umin}`);
    if (BigInt(r32.umax) !== r64.umax && r32.umax !== U32_MAX_N) a.push(`${m[3]}=${r32.umax | 0}`);
  }
  return `${out}(${a.join(",")})`;
}
