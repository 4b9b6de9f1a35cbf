import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { Memory, Region } from "../memory/memory.ts";
import type { MapDump } from "../types.ts";
import type { SpecialField } from "./special-fields.ts";

/** What maps need of the machine they live in. */
export interface MapEnv {
  readonly mem: Memory;
  readonly cpus: number;
  /** size of struct bpf_map, which programs can read through a map pointer */
  readonly handleBytes: number;
  /** next 32 random bits of the machine's seed */
  random(): number;
  /** makes an inner map from a template; undefined value_size etc. are taken as they are */
  createInner(spec: MapSpec): SimMap;
}

export const BPF_ANY = 0n, BPF_NOEXIST = 1n, BPF_EXIST = 2n, BPF_F_LOCK = 4n, BPF_F_CPU = 8n, BPF_F_ALL_CPUS = 16n;
/** map_flags (uapi linux/bpf.h) */
export const MapFlag = {
  NO_PREALLOC: 1, NO_COMMON_LRU: 2, NUMA_NODE: 4, RDONLY: 8, WRONLY: 16, STACK_BUILD_ID: 32, ZERO_SEED: 64, RDONLY_PROG: 128, WRONLY_PROG: 256,
  CLONE: 512, MMAPABLE: 1024, PRESERVE_ELEMS: 2048, INNER_MAP: 4096,
} as const;

export interface ForEachItem { key: Uint8Array; value: bigint }

/**
 * A map of the simulation. Results are the kernel's: an address or 0n for lookups, 0 or a negative errno for changes.
 * The methods without a body of their own answer as a kernel map type without that operation does.
 */
export abstract class SimMap {
  readonly name: string;
  readonly spec: MapSpec;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly env: MapEnv;
  /** stands for `struct bpf_map *` */
  readonly handle: Region;
  /** kernel-managed fields inside a value, skipped when values are copied */
  special: readonly SpecialField[] = [];

  constructor(spec: MapSpec, env: MapEnv) {
    this.spec = spec;
    this.name = spec.name;
    this.keySize = spec.keySize;
    this.valueSize = spec.valueSize;
    this.maxEntries = spec.maxEntries;
    this.env = env;
    this.handle = env.mem.create(`struct bpf_map of ${spec.name}`, env.handleBytes, { writable: false, probe: true });
    this.handle.object = this;
  }

  get address(): bigint {
    return this.env.mem.address(this.handle);
  }

  abstract lookup(key: Uint8Array, cpu: number): bigint;

  /** bpf_map_lookup_percpu_elem; types without it give NULL */
  lookupPercpu(_key: Uint8Array, _cpu: number): bigint {
    return 0n;
  }

  /** From a program. */
  update(_key: Uint8Array, _value: Uint8Array, _flags: bigint, _cpu: number): number {
    return -Errno.EINVAL;
  }
  /** From user space, by the syscall; `cpu` undefined: all CPUs of a per-CPU map. */
  userUpdate(key: Uint8Array, value: Uint8Array, flags: bigint, cpu?: number): number {
    return this.update(key, value, flags, cpu ?? 0);
  }
  remove(_key: Uint8Array): number {
    return -Errno.EINVAL;
  }
  push(_value: Uint8Array, _flags: bigint): number {
    return -Errno.EOPNOTSUPP;
  }
  /** the value, or a negative errno */
  pop(): Uint8Array | number {
    return -Errno.EOPNOTSUPP;
  }
  peek(_value: Uint8Array): Uint8Array | number {
    return -Errno.EOPNOTSUPP;
  }
  /** elements for bpf_for_each_map_elem; undefined when the type has no such operation */
  forEach(_cpu: number): Iterable<ForEachItem> | undefined {
    return undefined;
  }
  /** at most `limit` entries */
  abstract entries(limit: number): MapDump["entries"];
  /** number of entries the dump would have without a limit */
  abstract count(): number;

  dump(limit: number): MapDump {
    const entries = this.entries(limit);
    return { name: this.name, type: this.spec.type, keySize: this.keySize, valueSize: this.valueSize, entries, truncated: entries.length < this.count() };
  }

  /** Copies a value into place as copy_map_value does: kernel-managed fields keep what they hold. */
  protected copyValue(to: bigint, value: Uint8Array): void {
    const mem = this.env.mem;
    const at = mem.locate(to, this.valueSize, false);
    const target = mem.u8.subarray(at, at + this.valueSize);
    if (this.special.length === 0) {
      target.set(value.subarray(0, this.valueSize));
      return;
    }
    const kept = this.special.map((f) => target.slice(f.off, f.off + f.size));
    target.set(value.subarray(0, this.valueSize));
    this.special.forEach((f, i) => target.set(kept[i]!, f.off));
  }

  /** Bytes of a value as user space sees them: kernel-managed fields read as zero. */
  protected readValue(address: bigint): Uint8Array {
    const at = this.env.mem.locate(address, this.valueSize, false);
    const out = this.env.mem.u8.slice(at, at + this.valueSize);
    for (const f of this.special) out.fill(0, f.off, f.off + f.size);
    return out;
  }

  protected hasField(kind: SpecialField["kind"]): boolean {
    return this.special.some((f) => f.kind === kind);
  }
}

export function keyU32(key: Uint8Array): number {
  return (key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)) >>> 0;
}

export function u32Key(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

export function roundUp8(size: number): number {
  return (size + 7) & ~7;
}
