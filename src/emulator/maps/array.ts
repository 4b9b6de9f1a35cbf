import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { Region } from "../memory/memory.ts";
import type { MapDump } from "../types.ts";
import { BPF_EXIST, BPF_F_ALL_CPUS, BPF_F_CPU, BPF_F_LOCK, BPF_NOEXIST, type ForEachItem, keyU32, MapFlag, roundUp8, SimMap, type MapEnv, u32Key } from "./sim-map.ts";

/** array and percpu_array (kernel 7.3 arraymap.c). */
export class ArrayMap extends SimMap {
  /** one region, or one for each CPU */
  readonly regions: Region[] = [];
  readonly stride: number;
  readonly percpu: boolean;

  constructor(spec: MapSpec, env: MapEnv, percpu: boolean) {
    super(spec, env);
    this.percpu = percpu;
    this.stride = roundUp8(spec.valueSize);
    const writable = !spec.readonly && (spec.flags & MapFlag.RDONLY_PROG) === 0;
    for (let cpu = 0; cpu < (percpu ? env.cpus : 1); cpu++) {
      const region = env.mem.create(`value of map ${spec.name}`, (spec.maxEntries - 1) * this.stride + spec.valueSize, {
        stride: this.stride, elem: spec.valueSize, writable, readable: (spec.flags & MapFlag.WRONLY_PROG) === 0,
      });
      this.regions.push(region);
    }
    // a .percpu section's content is every CPU's (libbpf bpf_object__populate_internal_map, BPF_F_ALL_CPUS)
    if (spec.initialData) for (const region of this.regions) env.mem.regionBytes(region).set(spec.initialData.subarray(0, spec.valueSize));
  }

  elementAddress(index: number, cpu: number): bigint {
    return this.env.mem.address(this.regions[this.percpu ? cpu : 0]!, index * this.stride);
  }

  override lookup(key: Uint8Array, cpu: number): bigint {
    const index = keyU32(key);
    return index < this.maxEntries ? this.elementAddress(index, cpu) : 0n;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint, cpu: number): number {
    if ((flags & ~BPF_F_LOCK) > BPF_EXIST) return -Errno.EINVAL;
    const index = keyU32(key);
    if (index >= this.maxEntries) return -Errno.E2BIG;
    if ((flags & BPF_NOEXIST) !== 0n) return -Errno.EEXIST;
    if ((flags & BPF_F_LOCK) !== 0n && !this.hasField("spin_lock")) return -Errno.EINVAL;
    this.store(index, value, cpu);
    return 0;
  }

  override userUpdate(key: Uint8Array, value: Uint8Array, flags: bigint, cpu?: number): number {
    if (!this.percpu) return this.update(key, value, flags, 0);
    if ((flags & BPF_F_LOCK) !== 0n || (flags & 0xffff_ffffn) > (BPF_F_ALL_CPUS | BPF_F_CPU)) return -Errno.EINVAL;
    const index = keyU32(key);
    if (index >= this.maxEntries) return -Errno.E2BIG;
    if (flags === BPF_NOEXIST) return -Errno.EEXIST;
    for (let c = 0; c < this.env.cpus; c++) if (cpu === undefined || cpu === c) this.store(index, value, c);
    return 0;
  }

  private store(index: number, value: Uint8Array, cpu: number): void {
    const region = this.regions[this.percpu ? cpu : 0]!;
    const bytes = this.env.mem.regionBytes(region).subarray(index * this.stride, index * this.stride + this.valueSize);
    const kept = this.special.map((f) => bytes.slice(f.off, f.off + f.size));
    bytes.set(value.subarray(0, this.valueSize));
    this.special.forEach((f, i) => bytes.set(kept[i]!, f.off));
  }

  override lookupPercpu(key: Uint8Array, cpu: number): bigint {
    return this.percpu && cpu < this.env.cpus ? this.lookup(key, cpu) : 0n;
  }

  override *forEach(cpu: number): Iterable<ForEachItem> {
    for (let i = 0; i < this.maxEntries; i++) yield { key: u32Key(i), value: this.elementAddress(i, cpu) };
  }

  override entries(limit: number): MapDump["entries"] {
    const out: { key: Uint8Array; value: Uint8Array; cpu?: number }[] = [];
    for (let i = 0; i < this.maxEntries && out.length < limit; i++) {
      this.regions.forEach((region, cpu) => {
        const value = this.env.mem.regionBytes(region).slice(i * this.stride, i * this.stride + this.valueSize);
        for (const f of this.special) value.fill(0, f.off, f.off + f.size);
        out.push(this.percpu ? { key: u32Key(i), value, cpu } : { key: u32Key(i), value });
      });
    }
    return out;
  }

  override count(): number {
    return this.maxEntries * this.regions.length;
  }
}
