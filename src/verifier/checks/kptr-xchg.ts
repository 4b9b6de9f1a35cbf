/** bpf_kptr_xchg's destination (kernel process_kptr_func). */
import type { Env } from "../state/env.ts";
import { recordFind, recordHasField } from "../state/maps.ts";
import * as T from "../state/reg-type.ts";
import type { CallMeta } from "./helper-args.ts";
import { regBtfRecord } from "./record.ts";

export function processKptrFunc(env: Env, regno: number, meta: CallMeta): void {
  const reg = env.reg(regno);
  if (!T.typeIsPtrAllocObj(reg.type)) {
    const map = reg.map!;
    if (!map.btf || !map.spec.valueTypeId) env.fail("EINVAL", `map '${map.name.slice(0, 15)}' has to have BTF in order to use bpf_kptr_xchg`);
    meta.map = map;
  }
  const record = regBtfRecord(env, reg);
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", `R${regno} doesn't have constant offset. kptr has to be at the constant offset`);
  if (!recordHasField(record, "kptr_unref", "kptr_ref", "kptr_percpu")) env.fail("EINVAL", `R${regno} has no valid kptr`);
  const off = Number(BigInt.asIntN(32, reg.varOff.value)) + reg.off;
  const field = recordFind(record, off, "kptr_unref", "kptr_ref", "kptr_percpu");
  if (!field) return env.fail("EACCES", `off=${off} doesn't point to kptr`);
  if (field.type === "kptr_unref") env.fail("EACCES", `off=${off} kptr isn't referenced kptr`);
  meta.kptrField = field;
}
