import { Errno } from "../errno.ts";
import type { MapDump } from "../types.ts";
import { BPF_EXIST, BPF_NOEXIST, SimMap, type MapEnv } from "./sim-map.ts";
import type { MapSpec } from "../../loader/types.ts";

/** queue and stack (kernel 7.3 queue_stack_maps.c). */
export class QueueStackMap extends SimMap {
  private items: Uint8Array[] = [];
  private readonly stack: boolean;

  constructor(spec: MapSpec, env: MapEnv, stack: boolean) {
    super(spec, env);
    this.stack = stack;
  }

  override lookup(): bigint {
    return 0n;
  }

  override userUpdate(_key: Uint8Array, value: Uint8Array, flags: bigint): number {
    return this.push(value, flags);
  }

  override push(value: Uint8Array, flags: bigint): number {
    if ((flags & BPF_NOEXIST) !== 0n || flags > BPF_EXIST) return -Errno.EINVAL;
    if (this.items.length >= this.maxEntries) {
      if ((flags & BPF_EXIST) === 0n) return -Errno.E2BIG;
      this.items.shift();
    }
    this.items.push(value.slice(0, this.valueSize));
    return 0;
  }

  override pop(): Uint8Array | number {
    return (this.stack ? this.items.pop() : this.items.shift()) ?? -Errno.ENOENT;
  }

  override peek(): Uint8Array | number {
    return this.items.at(this.stack ? -1 : 0) ?? -Errno.ENOENT;
  }

  /** In the order they would be popped, without a key. */
  override entries(limit: number): MapDump["entries"] {
    const order = this.stack ? [...this.items].reverse() : this.items;
    return order.slice(0, limit).map((value) => ({ key: new Uint8Array(0), value: value.slice() }));
  }

  override count(): number {
    return this.items.length;
  }
}
