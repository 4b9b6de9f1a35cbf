/** Ids that link equal scalars, and the sanity check of bounds. */
import { cnumIsEmpty } from "../domains/cnum.ts";
import { setUnbounded } from "../domains/bounds.ts";
import { tnumIsConst, tnumSubregIsConst } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import { addConstBits, clearScalarId, type RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";

/** The source of a copy gets an id that the copy shares, so that a later comparison of one tells of the other. */
export function assignScalarIdBeforeMov(env: Env, mut: () => RegState, src: RegState): void {
  if (src.type !== SCALAR_VALUE || !env.f.scalar_ids) return;
  if (addConstBits(src.id)) clearScalarId(mut());
  if (!src.id && !(env.f.no_id_for_const && tnumIsConst(src.varOff))) mut().id = env.newId();
  else if (addConstBits(src.id) && !(env.f.no_id_for_const && tnumIsConst(src.varOff))) mut().id = env.newId();
}

const hex = (v: bigint | number): string => {
  const b = BigInt.asUintN(64, BigInt(v));
  return b === 0n ? "0" : `0x${b.toString(16)}`;
};

/** Bounds that contradict each other or the known bits are a bug of the verifier: said in the log, then forgotten (kernel reg_bounds_sanity_check, 6.8+). */
export function regBoundsSanityCheck(env: Env, reg: RegState, mut: () => RegState, ctx: string): void {
  const { r64, r32, varOff } = reg;
  let msg = "";
  if (env.dom.circular ? cnumIsEmpty(r64, r32) : env.dom.violated(reg)) msg = "range bounds violation";
  else if (tnumIsConst(varOff)) {
    if (r64.umin !== varOff.value || r64.umax !== varOff.value || r64.smin !== r64.smax) msg = "const tnum out of sync with range bounds";
  }
  if (!msg && tnumSubregIsConst(varOff)) {
    const v = Number(varOff.value & 0xffff_ffffn);
    if (r32.umin !== v || r32.umax !== v || r32.smin !== r32.smax) msg = "const subreg tnum out of sync with range bounds";
  }
  if (!msg) return;
  const u32 = (v: number): string => hex(v >>> 0);
  const t = `var_off=(${hex(varOff.value)}, ${hex(varOff.mask)})`;
  env.verbose(
    env.dom.circular
      ? `verifier bug: REG INVARIANTS VIOLATION (${ctx}): ${msg} r64={.base=${hex(r64.base)}, .size=${hex(r64.size)}} r32={.base=${hex(r32.base)}, .size=${hex(r32.size)}} ${t}\n`
      : `${env.f.invariants_are_bugs ? "verifier bug: " : ""}REG INVARIANTS VIOLATION (${ctx}): ${msg} u64=[${hex(r64.umin)}, ${hex(r64.umax)}] s64=[${hex(r64.smin)}, ${hex(r64.smax)}] u32=[${u32(r32.umin)}, ${u32(r32.umax)}] s32=[${u32(r32.smin)}, ${u32(r32.smax)}] ${t}\n`,
  );
  if (env.testRegInvariants) env.failSilently("EFAULT");
  setUnbounded(mut());
}
