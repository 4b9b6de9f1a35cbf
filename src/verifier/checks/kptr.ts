/** Kernel pointers in map values (kernel check_map_kptr_access, map_kptr_match_type). */
import type { Env } from "../state/env.ts";
import type { BtfField } from "../state/maps.ts";

export function checkMapKptrAccess(env: Env, _value: number, _insnIdx: number, _field: BtfField): void {
  env.unsupported("kernel pointers in map values are not simulated yet");
}
