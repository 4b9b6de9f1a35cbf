import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { MapDump } from "../types.ts";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, type ForEachItem, MapFlag, SimMap, type MapEnv } from "./sim-map.ts";
import { Slots } from "./slots.ts";

interface Elem { key: Uint8Array; slot: number; /** LRU: looked up since it was last considered for eviction */ ref: boolean }

/** Text that equals another exactly when the bytes do. */
export function keyText(key: Uint8Array): string {
  let out = "";
  for (let i = 0; i < key.length; i++) out += String.fromCharCode(key[i]!);
  return out;
}

/**
 * hash, percpu_hash, lru_hash, lru_percpu_hash (kernel 7.3 hashtab.c). Elements are iterated in insertion order; the kernel's order
 * depends on a random seed. LRU maps evict the oldest element that was not used since it was last considered; the kernel does so in
 * batches on lists of each CPU, so which elements go can differ.
 */
export class HashMap extends SimMap {
  private readonly table = new Map<string, Elem>();
  private readonly slots: Slots;
  private readonly lru: boolean;
  readonly percpu: boolean;

  constructor(spec: MapSpec, env: MapEnv, kind: { percpu: boolean; lru: boolean }) {
    super(spec, env);
    this.percpu = kind.percpu;
    this.lru = kind.lru;
    this.slots = new Slots(env.mem, `value of map ${spec.name}`, spec.valueSize, spec.maxEntries + 1, kind.percpu ? env.cpus : 1);
  }

  private find(key: Uint8Array): Elem | undefined {
    return this.table.get(keyText(key));
  }

  /** `lookup` of the key at a place in linear memory: sets r0's halves without an object in between. */
  lookupAt(at: number, cpu: number, r: Int32Array): void {
    const u8 = this.env.mem.u8;
    const elem = this.table.get(this.keySize === 4 ? String.fromCharCode(u8[at]!, u8[at + 1]!, u8[at + 2]!, u8[at + 3]!) : keyText(u8.subarray(at, at + this.keySize)));
    if (!elem) {
      r[0] = r[1] = 0;
      return;
    }
    elem.ref = true;
    this.slots.place(elem.slot, this.percpu ? cpu : 0, r);
  }

  override lookup(key: Uint8Array, cpu: number): bigint {
    const elem = this.find(key);
    if (!elem) return 0n;
    elem.ref = true;
    return this.slots.address(elem.slot, this.percpu ? cpu : 0);
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint, cpu: number): number {
    return this.put(key, value, flags, cpu, false);
  }

  override userUpdate(key: Uint8Array, value: Uint8Array, flags: bigint, cpu?: number): number {
    return this.put(key, value, flags, cpu ?? 0, cpu === undefined);
  }

  private put(key: Uint8Array, value: Uint8Array, flags: bigint, cpu: number, allCpus: boolean): number {
    if ((flags & ~(this.percpu || this.lru ? 0n : BPF_F_LOCK)) > BPF_EXIST) return -Errno.EINVAL;
    if ((flags & BPF_F_LOCK) !== 0n && !this.hasField("spin_lock")) return -Errno.EINVAL;
    const how = flags & ~BPF_F_LOCK;
    const text = keyText(key);
    const old = this.table.get(text);
    if (old && how === BPF_NOEXIST) return -Errno.EEXIST;
    if (!old && how === BPF_EXIST) return -Errno.ENOENT;
    if (old && (this.percpu || (flags & BPF_F_LOCK) !== 0n)) {
      this.fill(old.slot, value, cpu, allCpus);
      old.ref = true;
      return 0;
    }
    if (!old && this.table.size >= this.maxEntries) {
      if (!this.lru) return -Errno.E2BIG;
      this.evict();
    }
    // A new element takes the old one's place: pointers from earlier lookups go on showing the old value.
    const slot = this.slots.allocate();
    if (old) {
      this.slots.release(old.slot);
      old.slot = slot;
      old.ref = true;
    } else {
      this.table.set(text, { key: key.slice(), slot, ref: false });
    }
    this.fill(slot, value, cpu, allCpus);
    return 0;
  }

  /** From a program only its own CPU's copy is set; user space sets all. */
  private fill(slot: number, value: Uint8Array, cpu: number, allCpus: boolean): void {
    if (!this.percpu) this.copyValue(this.slots.address(slot, 0), value);
    else for (let c = 0; c < this.env.cpus; c++) if (allCpus || c === cpu) this.copyValue(this.slots.address(slot, c), value);
  }

  private evict(): void {
    for (const [text, elem] of this.table) {
      if (elem.ref) {
        elem.ref = false;
        this.table.delete(text);
        this.table.set(text, elem);
        continue;
      }
      this.table.delete(text);
      this.slots.release(elem.slot);
      return;
    }
  }

  override remove(key: Uint8Array): number {
    const text = keyText(key);
    const elem = this.table.get(text);
    if (!elem) return -Errno.ENOENT;
    this.table.delete(text);
    this.slots.release(elem.slot);
    return 0;
  }

  override lookupPercpu(key: Uint8Array, cpu: number): bigint {
    const elem = this.find(key);
    return elem && cpu < this.env.cpus ? this.slots.address(elem.slot, cpu) : 0n;
  }

  override *forEach(cpu: number): Iterable<ForEachItem> {
    // a callback may delete and insert: the elements are those that are there now
    const elems = Array.from(this.table.values());
    for (const elem of elems) yield { key: elem.key, value: this.slots.address(elem.slot, this.percpu ? cpu : 0) };
  }

  override entries(limit: number): MapDump["entries"] {
    const out: { key: Uint8Array; value: Uint8Array; cpu?: number }[] = [];
    for (const elem of this.table.values()) {
      if (out.length >= limit) break;
      if (!this.percpu) out.push({ key: elem.key.slice(), value: this.readValue(this.slots.address(elem.slot, 0)) });
      else for (let cpu = 0; cpu < this.env.cpus; cpu++) out.push({ key: elem.key.slice(), value: this.readValue(this.slots.address(elem.slot, cpu)), cpu });
    }
    return out;
  }

  override count(): number {
    return this.table.size * (this.percpu ? this.env.cpus : 1);
  }
}

/** Flags hash maps take on creation (kernel HTAB_CREATE_FLAG_MASK). */
export const HASH_FLAGS = MapFlag.NO_PREALLOC | MapFlag.NO_COMMON_LRU | MapFlag.NUMA_NODE | MapFlag.RDONLY | MapFlag.WRONLY | MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG | MapFlag.ZERO_SEED;
