import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { MapDump } from "../types.ts";
import { SimMap, type MapEnv } from "./sim-map.ts";
import { Slots } from "./slots.ts";

/** sk_storage, inode_storage, task_storage, cgrp_storage and the older cgroup_storage: one value for each owner (kernel 7.3 bpf_local_storage.c). */
export class StorageMap extends SimMap {
  private readonly byOwner = new Map<bigint, number>();
  private readonly slots: Slots;

  constructor(spec: MapSpec, env: MapEnv) {
    super(spec, env);
    this.slots = new Slots(env.mem, `value of map ${spec.name}`, spec.valueSize, 64, 1);
  }

  override lookup(): bigint {
    return BigInt.asUintN(64, BigInt(-Errno.EOPNOTSUPP));
  }

  /** Address of the owner's value; with `create` a zeroed one, or a copy of `initial`, is made when it has none. */
  get(owner: bigint, create: boolean, initial?: Uint8Array): bigint {
    let slot = this.byOwner.get(owner);
    if (slot === undefined) {
      if (!create) return 0n;
      slot = this.slots.allocate();
      this.byOwner.set(owner, slot);
      if (initial) this.copyValue(this.slots.address(slot, 0), initial);
    }
    return this.slots.address(slot, 0);
  }

  delete(owner: bigint): number {
    const slot = this.byOwner.get(owner);
    if (slot === undefined) return -Errno.ENOENT;
    this.byOwner.delete(owner);
    this.slots.release(slot);
    return 0;
  }

  /** Keyed by the owner's address. */
  override entries(limit: number): MapDump["entries"] {
    return [...this.byOwner].slice(0, limit).map(([owner, slot]) => {
      const key = new Uint8Array(8);
      new DataView(key.buffer).setBigUint64(0, owner, true);
      return { key, value: this.readValue(this.slots.address(slot, 0)) };
    });
  }

  override count(): number {
    return this.byOwner.size;
  }
}

/** stack_trace (kernel 7.3 stackmap.c): stack id → instruction addresses. */
export class StackTraceMap extends SimMap {
  private readonly stacks = new Map<number, bigint[]>();

  override lookup(): bigint {
    return BigInt.asUintN(64, BigInt(-Errno.EOPNOTSUPP));
  }

  /** bpf_get_stackid: id of the bucket, or a negative errno. Flags: BPF_F_FAST_STACK_CMP 1<<9, BPF_F_REUSE_STACKID 1<<10. */
  put(ips: readonly bigint[], flags: bigint): number {
    const depth = Math.min(Math.floor(this.valueSize / 8), 127);
    const trace = ips.slice(Number(flags & 0xffn)).slice(0, depth);
    if (trace.length === 0) return -Errno.EFAULT;
    let buckets = 1;
    while (buckets < this.maxEntries) buckets *= 2;
    let hash = 0;
    for (const ip of trace) hash = (Math.imul(hash, 31) + Number(ip & 0xffff_ffffn)) | 0;
    const id = (hash >>> 0) % buckets;
    const old = this.stacks.get(id);
    if (old && (flags & (1n << 10n)) === 0n && (old.length !== trace.length || old.some((ip, i) => ip !== trace[i]))) return -Errno.EEXIST;
    this.stacks.set(id, [...trace]);
    return id;
  }

  override remove(key: Uint8Array): number {
    const id = new DataView(key.buffer, key.byteOffset).getUint32(0, true);
    return this.stacks.delete(id) ? 0 : -Errno.ENOENT;
  }

  override entries(limit: number): MapDump["entries"] {
    return [...this.stacks].slice(0, limit).map(([id, ips]) => {
      const key = new Uint8Array(4);
      new DataView(key.buffer).setUint32(0, id, true);
      const value = new Uint8Array(this.valueSize);
      const view = new DataView(value.buffer);
      ips.forEach((ip, i) => view.setBigUint64(i * 8, ip, true));
      return { key, value };
    });
  }

  override count(): number {
    return this.stacks.size;
  }
}
