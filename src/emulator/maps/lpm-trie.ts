import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { MapDump } from "../types.ts";
import { keyText } from "./hash.ts";
import { BPF_EXIST, BPF_NOEXIST, keyU32, SimMap, type MapEnv } from "./sim-map.ts";
import { Slots } from "./slots.ts";

interface Prefix { key: Uint8Array; length: number; slot: number }

/**
 * lpm_trie (kernel 7.3 lpm_trie.c): keys are a u32 prefix length and bytes in network order. Kept as one table for each prefix length,
 * which gives the trie's answers; entries are dumped in the trie's own order, shorter prefixes after those they contain.
 */
export class LpmTrieMap extends SimMap {
  private readonly byLength = new Map<number, Map<string, Prefix>>();
  private readonly slots: Slots;
  private readonly bits: number;
  private size = 0;

  constructor(spec: MapSpec, env: MapEnv) {
    super(spec, env);
    this.bits = (spec.keySize - 4) * 8;
    this.slots = new Slots(env.mem, `value of map ${spec.name}`, spec.valueSize, spec.maxEntries + 1, 1);
  }

  override lookup(key: Uint8Array): bigint {
    const length = keyU32(key);
    if (length > this.bits) return 0n;
    for (let n = length; n >= 0; n--) {
      const found = this.byLength.get(n)?.get(prefixText(key, n));
      if (found) return this.slots.address(found.slot, 0);
    }
    return 0n;
  }

  override update(key: Uint8Array, value: Uint8Array, flags: bigint): number {
    if (flags > BPF_EXIST) return -Errno.EINVAL;
    const length = keyU32(key);
    if (length > this.bits) return -Errno.EINVAL;
    const text = prefixText(key, length);
    const table = this.byLength.get(length) ?? new Map<string, Prefix>();
    const old = table.get(text);
    if (old) {
      if (flags === BPF_NOEXIST) return -Errno.EEXIST;
    } else {
      if (flags === BPF_EXIST) return -Errno.ENOENT;
      if (this.size >= this.maxEntries) return -Errno.ENOSPC;
    }
    const slot = this.slots.allocate();
    this.copyValue(this.slots.address(slot, 0), value);
    if (old) {
      this.slots.release(old.slot);
      old.slot = slot;
      old.key = key.slice();
    } else {
      table.set(text, { key: key.slice(), length, slot });
      this.byLength.set(length, table);
      this.size++;
    }
    return 0;
  }

  override remove(key: Uint8Array): number {
    const length = keyU32(key);
    if (length > this.bits) return -Errno.EINVAL;
    const table = this.byLength.get(length);
    const text = prefixText(key, length);
    const old = table?.get(text);
    if (!table || !old) return -Errno.ENOENT;
    table.delete(text);
    if (table.size === 0) this.byLength.delete(length);
    this.slots.release(old.slot);
    this.size--;
    return 0;
  }

  override entries(limit: number): MapDump["entries"] {
    const all = [...this.byLength.values()].flatMap((table) => [...table.values()]);
    all.sort((a, b) => comparePrefixes(a, b));
    return all.slice(0, limit).map((p) => ({ key: p.key.slice(), value: this.readValue(this.slots.address(p.slot, 0)) }));
  }

  override count(): number {
    return this.size;
  }
}

/** The first `length` bits of the data after the four length bytes. */
function prefixText(key: Uint8Array, length: number): string {
  const whole = length >> 3;
  const rest = length & 7;
  const bytes = key.slice(4, 4 + whole + (rest ? 1 : 0));
  if (rest) bytes[whole] = bytes[whole]! & (0xff00 >> rest) & 0xff;
  return keyText(bytes);
}

/** Post-order of the trie (kernel trie_get_next_key): a prefix comes after all that it contains. */
function comparePrefixes(a: Prefix, b: Prefix): number {
  const common = Math.min(a.length, b.length);
  for (let bit = 0; bit < common; bit++) {
    const x = (a.key[4 + (bit >> 3)]! >> (7 - (bit & 7))) & 1;
    const y = (b.key[4 + (bit >> 3)]! >> (7 - (bit & 7))) & 1;
    if (x !== y) return x - y;
  }
  return b.length - a.length;
}
