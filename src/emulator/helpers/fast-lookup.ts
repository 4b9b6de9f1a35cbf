import type { RunEnv } from "../env.ts";
import type { Cpu } from "../interp/cpu.ts";
import { ArrayMap } from "../maps/array.ts";
import { HashMap } from "../maps/hash.ts";
import { MAX_REGIONS, ORIGIN, REGION_HI } from "../memory/memory.ts";
import { setResult, type HelperImpl } from "./args.ts";

/**
 * bpf_map_lookup_elem as a call site: arrays and hashes, which programs look into all the time, are answered from the register halves;
 * other maps, and whatever is wrong, go the general way.
 */
export function lookupCall(env: RunEnv, general: HelperImpl): (cpu: Cpu) => void {
  return (cpu) => {
    const { r, mem } = cpu;
    const map = r[2] === ORIGIN ? mem.regionById((r[3]! - REGION_HI) | 0)?.object : undefined;
    const id = (r[5]! - REGION_HI) | 0;
    if (id > 0 && id < MAX_REGIONS && (map instanceof ArrayMap || map instanceof HashMap)) {
      const at = mem.locateIn(id, r[4]!, map.keySize, false);
      if (at >= 0) {
        if (map instanceof HashMap) {
          map.lookupAt(at, env.cpuId, r);
          return;
        }
        const index = mem.view.getUint32(at, true);
        if (index < map.maxEntries) {
          r[0] = ORIGIN + index * map.stride;
          r[1] = REGION_HI + map.regions[map.percpu ? env.cpuId : 0]!.id;
        } else {
          r[0] = r[1] = 0;
        }
        return;
      }
    }
    setResult(cpu, general(env));
  };
}
