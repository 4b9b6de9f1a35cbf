import { Errno } from "../errno.ts";
import type { MapDump } from "../types.ts";
import { SimMap, type MapEnv } from "./sim-map.ts";
import type { MapSpec } from "../../loader/types.ts";

/**
 * bloom_filter (kernel 7.3 bloom_filter.c). Bits and number of hash functions are sized as in the kernel; the hash is our own (the
 * kernel's is seeded at random), so a false positive can hit other values than there.
 */
export class BloomFilterMap extends SimMap {
  private readonly bits: Uint8Array;
  private readonly mask: number;
  private readonly functions: number;
  private readonly seed: number;
  private added = 0;

  constructor(spec: MapSpec, env: MapEnv) {
    super(spec, env);
    this.functions = Number(spec.mapExtra & 0xfn) || 5;
    const wanted = Math.floor((spec.maxEntries * this.functions) / 5) * 7;
    let size = 64;
    while (size < wanted && size < 2 ** 28) size *= 2;
    this.mask = size - 1;
    this.bits = new Uint8Array(size / 8);
    this.seed = env.random();
  }

  override lookup(): bigint {
    return BigInt.asUintN(64, BigInt(-Errno.EINVAL));
  }

  override userUpdate(_key: Uint8Array, value: Uint8Array, flags: bigint): number {
    return this.push(value, flags);
  }

  override push(value: Uint8Array, flags: bigint): number {
    if (flags !== 0n) return -Errno.EINVAL;
    for (let i = 0; i < this.functions; i++) {
      const h = this.hash(value, i);
      this.bits[h >> 3] = this.bits[h >> 3]! | (1 << (h & 7));
    }
    this.added++;
    return 0;
  }

  override peek(value: Uint8Array): Uint8Array | number {
    for (let i = 0; i < this.functions; i++) {
      const h = this.hash(value, i);
      if ((this.bits[h >> 3]! & (1 << (h & 7))) === 0) return -Errno.ENOENT;
    }
    return value;
  }

  override remove(): number {
    return -Errno.EOPNOTSUPP;
  }

  private hash(value: Uint8Array, index: number): number {
    let h = (this.seed + Math.imul(index, 0x9e3779b9)) | 0;
    for (let i = 0; i < this.valueSize; i++) h = Math.imul(h ^ value[i]!, 0x01000193);
    h ^= h >>> 15;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    return (h & this.mask) >>> 0;
  }

  override entries(): MapDump["entries"] {
    return [];
  }

  override count(): number {
    return 0;
  }
}
