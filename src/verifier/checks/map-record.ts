/** The program's maps as the verifier sees them, with the special fields of their values. */
import type { MapSpec } from "../../loader/types.ts";
import type { Env } from "../state/env.ts";
import { VMap } from "../state/maps.ts";
import { parseFields } from "./record.ts";

function make(env: Env, spec: MapSpec, index: number): VMap {
  const parsed = env.btf && spec.valueTypeId ? parseFields(env.kernel.btf, env.btf, spec.valueTypeId) : { ok: true as const, record: null };
  return new VMap(spec, index, parsed.ok ? parsed.record : null, spec.inner ? make(env, spec.inner, -1) : null, env.btf);
}
export function buildMaps(env: Env): void {
  env.maps = env.prog.maps.map((m, i) => make(env, m, i));
}
