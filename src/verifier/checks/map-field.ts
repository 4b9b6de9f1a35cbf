/** Timers, workqueues and task work in map values (kernel check_map_field_pointer). */
import type { Env } from "../state/env.ts";
import { recordHasField, type VMap } from "../state/maps.ts";
import type { RegState } from "../state/reg-state.ts";
import { fieldTypeName } from "./record.ts";

type Field = "timer" | "wq" | "task_work";

/** The register must point exactly at the map value's field; the map is remembered for comparison with the map argument. */
export function checkMapFieldPointer(env: Env, reg: RegState, regno: number, field: Field, meta: { map: VMap | null; mapUid: number }): void {
  const name = fieldTypeName(field);
  const map = reg.map!;
  const mapName = map.name.slice(0, 15);
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", `R${regno} doesn't have constant offset. ${name} has to be at the constant offset`);
  if (!map.btf || !map.spec.valueTypeId) env.fail("EINVAL", `map '${mapName}' has to have BTF in order to use ${name}`);
  if (!recordHasField(map.record, field)) env.fail("EINVAL", `map '${mapName}' has no valid ${name}`);
  const at = field === "timer" ? map.record!.timerOff : field === "wq" ? map.record!.wqOff : map.record!.taskWorkOff;
  const off = BigInt.asIntN(64, reg.varOff.value) + BigInt(reg.off);
  if (off !== BigInt(at)) env.fail("EINVAL", `off ${off} doesn't point to 'struct ${name}' that is at ${at}`);
  if (meta.map) env.bug(`Two map pointers in a ${name} helper`);
  meta.mapUid = reg.mapUid;
  meta.map = map;
}
