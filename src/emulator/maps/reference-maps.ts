import { Errno } from "../errno.ts";
import type { MapDump } from "../types.ts";
import { BPF_EXIST, BPF_NOEXIST, keyU32, SimMap, u32Key, type MapEnv } from "./sim-map.ts";
import type { MapSpec } from "../../loader/types.ts";

/** Arrays whose slots hold a program, event, cgroup or socket; user space fills them with file descriptors, which do not exist here. */
export class ReferenceArrayMap extends SimMap {
  /** slot → what is in it */
  readonly targets = new Map<number, { name: string }>();

  override lookup(): bigint {
    return 0n;
  }

  /** Puts a named thing into a slot; 0 or a negative errno. */
  set(index: number, target: { name: string }): number {
    if (index >= this.maxEntries) return -Errno.E2BIG;
    this.targets.set(index, target);
    return 0;
  }

  override userUpdate(): number {
    return -Errno.EBADF;
  }

  /** Index as key; the value holds zeros, its bytes being a kernel id that means nothing here. */
  override entries(limit: number): MapDump["entries"] {
    return [...this.targets.keys()].sort((a, b) => a - b).slice(0, limit).map((index) => ({ key: u32Key(index), value: new Uint8Array(this.valueSize) }));
  }

  override count(): number {
    return this.targets.size;
  }

  override remove(key: Uint8Array): number {
    const index = keyU32(key);
    if (index >= this.maxEntries) return -Errno.E2BIG;
    return this.targets.delete(index) ? 0 : -Errno.ENOENT;
  }
}

/** array_of_maps and hash_of_maps (kernel 7.3 map_in_map.c): user space puts maps in, programs look them up. */
export class MapInMap extends SimMap {
  private readonly inner = new Map<string, { key: Uint8Array; map: SimMap }>();
  readonly isArray: boolean;

  constructor(spec: MapSpec, env: MapEnv, isArray: boolean) {
    super(spec, env);
    this.isArray = isArray;
  }

  override lookup(key: Uint8Array): bigint {
    return this.inner.get(text(key))?.map.address ?? 0n;
  }

  /** The map under a key, made from the template when there is none yet. */
  ensure(key: Uint8Array): SimMap | number {
    const found = this.inner.get(text(key));
    if (found) return found.map;
    if (!this.spec.inner) return -Errno.EINVAL;
    const map = this.env.createInner({ ...this.spec.inner, name: `${this.name}[${this.inner.size}]` });
    const error = this.put(key, map);
    return error < 0 ? error : map;
  }

  put(key: Uint8Array, map: SimMap): number {
    if (this.isArray && keyU32(key) >= this.maxEntries) return -Errno.E2BIG;
    if (!this.isArray && this.inner.size >= this.maxEntries && !this.inner.has(text(key))) return -Errno.E2BIG;
    this.inner.set(text(key), { key: key.slice(), map });
    return 0;
  }

  /** The inner maps, for dumps. */
  maps(): Iterable<SimMap> {
    return [...this.inner.values()].map((e) => e.map);
  }

  override remove(key: Uint8Array): number {
    if (this.isArray && keyU32(key) >= this.maxEntries) return -Errno.E2BIG;
    return this.inner.delete(text(key)) ? 0 : -Errno.ENOENT;
  }

  override userUpdate(): number {
    return -Errno.EBADF;
  }

  override entries(limit: number): MapDump["entries"] {
    return [...this.inner.values()].slice(0, limit).map((e) => ({ key: e.key.slice(), value: new Uint8Array(this.valueSize) }));
  }

  override count(): number {
    return this.inner.size;
  }
}

/** devmap, devmap_hash, cpumap, xskmap: where packets can be redirected to (kernel 7.3 devmap.c, cpumap.c, xskmap.c). */
export class RedirectMap extends SimMap {
  private readonly values = new Map<number, Uint8Array>();
  private readonly regions = new Map<number, bigint>();
  readonly kind: "devmap" | "devmap_hash" | "cpumap" | "xskmap";
  private readonly deviceExists: (ifindex: number) => boolean;

  constructor(spec: MapSpec, env: MapEnv, kind: RedirectMap["kind"], deviceExists: (ifindex: number) => boolean) {
    super(spec, env);
    this.kind = kind;
    this.deviceExists = deviceExists;
  }

  /** Whether bpf_redirect_map finds a target under the key. */
  has(key: number): boolean {
    return this.values.has(key);
  }

  /** The 32-bit target of a key: an ifindex, a queue size. */
  target(key: number): number {
    const value = this.values.get(key);
    return value ? keyU32(value) : 0;
  }

  keys(): number[] {
    return [...this.values.keys()];
  }

  /** Programs see struct bpf_devmap_val or bpf_cpumap_val, read-only. */
  override lookup(key: Uint8Array): bigint {
    const index = keyU32(key);
    const value = this.values.get(index);
    if (!value) return 0n;
    let address = this.regions.get(index);
    if (address === undefined) {
      const region = this.env.mem.create(`value of map ${this.name}`, this.valueSize, { writable: false });
      address = this.env.mem.address(region);
      this.regions.set(index, address);
    }
    const region = this.env.mem.regionAt(address);
    if (region) this.env.mem.regionBytes(region).set(value);
    return address;
  }

  override update(): number {
    return -Errno.EOPNOTSUPP;
  }

  override userUpdate(key: Uint8Array, value: Uint8Array, flags: bigint): number {
    const index = keyU32(key);
    const first = keyU32(value);
    if (flags > BPF_EXIST) return -Errno.EINVAL;
    if (this.kind === "devmap_hash") {
      if (first === 0 || value.length >= 8 && (keyU32(value.subarray(4)) | 0) > 0) return -Errno.EINVAL;
      const old = this.values.has(index);
      if (old && flags === BPF_NOEXIST) return -Errno.EEXIST;
      if (!this.deviceExists(first)) return -Errno.EINVAL;
      if (!old && this.values.size >= this.maxEntries) return -Errno.E2BIG;
      this.values.set(index, value.slice());
      return 0;
    }
    if (index >= this.maxEntries) return -Errno.E2BIG;
    if (this.kind === "xskmap") {
      this.values.set(index, value.slice());
      return 0;
    }
    if (flags === BPF_NOEXIST) return -Errno.EEXIST;
    if (this.kind === "cpumap") {
      if (first > 16384) return -Errno.EOVERFLOW;
      if (index >= this.env.cpus) return -Errno.ENODEV;
    } else if (first !== 0 && !this.deviceExists(first)) {
      return -Errno.EINVAL;
    }
    if (first === 0) this.values.delete(index);
    else this.values.set(index, value.slice());
    return 0;
  }

  override remove(key: Uint8Array): number {
    const index = keyU32(key);
    if (this.kind === "devmap_hash") return this.values.delete(index) ? 0 : -Errno.ENOENT;
    if (index >= this.maxEntries) return -Errno.EINVAL;
    this.values.delete(index);
    return 0;
  }

  override entries(limit: number): MapDump["entries"] {
    return [...this.values].slice(0, limit).map(([key, value]) => ({ key: u32Key(key), value: value.slice() }));
  }

  override count(): number {
    return this.values.size;
  }
}

function text(key: Uint8Array): string {
  return String.fromCharCode(...key);
}
