/** The program's maps as the verifier sees them, with the special fields of their values. */
import type { Btf } from "../../btf/types.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { Env } from "../state/env.ts";
import { type BtfRecord, VMap } from "../state/maps.ts";
import { parseFields } from "./record.ts";
import { parseOldFields } from "./record-old.ts";

function record(env: Env, btf: Btf, id: number): BtfRecord | null {
  if (!env.f.btf_records) return parseOldFields(env.kernel.btf, btf, id, { timers: env.f.timers, kptrs: env.f.kptrs });
  const parsed = parseFields(env.kernel.btf, btf, id);
  return parsed.ok ? parsed.record : null;
}
function make(env: Env, spec: MapSpec, index: number): VMap {
  return new VMap(spec, index, env.btf && spec.valueTypeId ? record(env, env.btf, spec.valueTypeId) : null, spec.inner ? make(env, spec.inner, -1) : null, env.btf);
}
export function buildMaps(env: Env): void {
  env.maps = env.prog.maps.map((m, i) => make(env, m, i));
}
