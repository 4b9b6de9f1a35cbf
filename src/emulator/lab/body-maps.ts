import type { BodyMap } from "../../loader/body.ts";
import type { BoundMap, MapSpec } from "../../loader/types.ts";
import { unsupported } from "../fault.ts";
import { ArrayMap } from "../maps/array.ts";
import type { SimMap } from "../maps/sim-map.ts";

/**
 * Maps and variables of a custom kernel's own functions. They live as long as the machine, as a kernel's do, and programs do not
 * see them. What has a C name that other functions can use (maps, global variables) is one for all functions that define it.
 */
export class BodyMaps {
  private readonly shared = new Map<string, { map: SimMap; spec: MapSpec; by: string }>();
  private readonly bound = new Map<BoundMap, SimMap>();

  /** Makes those that do not exist yet; what a bound program's `maps` is. */
  bind(name: string, wanted: readonly BodyMap[], make: (spec: MapSpec) => SimMap): BoundMap[] {
    const out = wanted.map(({ spec }, index): BoundMap => ({ ...spec, index }));
    const fresh = wanted.map((one, i) => {
      const known = one.shared ? this.shared.get(one.key) : undefined;
      if (known && !agree(known.spec, one.spec)) {
        throw unsupported(`the functions ${known.by} and ${name} of the custom kernel both have ${one.key}, but not the same: type, sizes and initial value have to agree`);
      }
      const map = known?.map ?? make(one.spec);
      if (one.shared && !known) this.shared.set(one.key, { map, spec: one.spec, by: name });
      this.bound.set(out[i]!, map);
      return known === undefined;
    });
    for (const [i, { addresses }] of wanted.entries()) if (fresh[i]) for (const { at, map, offset } of addresses) this.setAddress(out[i]!, at, out[map]!, offset);
    return out;
  }

  of(map: BoundMap): SimMap | undefined {
    return this.bound.get(map);
  }

  private setAddress(into: BoundMap, at: number, target: BoundMap, offset: number): void {
    const map = this.bound.get(into);
    const to = this.bound.get(target);
    if (!(map instanceof ArrayMap) || !(to instanceof ArrayMap)) return;
    const bytes = map.env.mem.regionBytes(map.regions[0]!);
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).setBigUint64(at, BigInt.asUintN(64, to.elementAddress(0, 0) + BigInt(offset)), true);
  }
}

function agree(a: MapSpec, b: MapSpec): boolean {
  const same = a.type === b.type && a.keySize === b.keySize && a.valueSize === b.valueSize && a.maxEntries === b.maxEntries && a.flags === b.flags && a.readonly === b.readonly;
  const x = a.initialData;
  const y = b.initialData;
  return same && (x?.length ?? 0) === (y?.length ?? 0) && (x === undefined || x.every((byte, i) => byte === y?.[i]));
}
