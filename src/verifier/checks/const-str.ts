/** Constant, zero-terminated strings as arguments (kernel check_arg_const_str). */
import { tnumIsConst } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import { PTR_TO_MAP_VALUE } from "../state/reg-type.ts";
import { regName } from "./mem.ts";
import { checkMapAccess, mapIsRdonly } from "./mem-map.ts";

export function checkConstStr(env: Env, regno: number): void {
  const reg = env.reg(regno);
  if (reg.type !== PTR_TO_MAP_VALUE) env.failSilently("EINVAL");
  const map = reg.map!;
  const name = regName(regno);
  if (map.type === "insn_array") env.fail("EACCES", `${name} points to insn_array map which cannot be used as const string`);
  if (map.type === "percpu_array" && env.f.percpu_data) env.fail("EACCES", `${name} points to percpu_array map which cannot be used as const string`);
  if (!mapIsRdonly(map)) env.fail("EACCES", `${name} does not point to a readonly map'`);
  if (!tnumIsConst(reg.varOff)) env.fail("EACCES", `${name} is not a constant address'`);
  const off = Number(BigInt.asIntN(32, reg.varOff.value)) + reg.off;
  checkMapAccess(env, reg, name, env.f.ptr_fixed_off ? reg.off : 0, map.valueSize - off, false, "helper");
  const data = map.spec.initialData!;
  if (!data.subarray(off, map.valueSize).includes(0) && data.length >= map.valueSize) env.fail("EINVAL", "string is not zero-terminated");
}
