import type { BtfSource } from "./stored.ts";

/**
 * Names of own types, by hash of their bytes: no string is decoded to build it, which takes milliseconds for the 140,000
 * types of a kernel.
 */
export class NameIndex {
  private readonly source: BtfSource;
  private readonly mask: number;
  /** own index + 1 of the first type in the bucket */
  private readonly heads: Int32Array;
  private readonly next: Int32Array;

  constructor(source: BtfSource) {
    this.source = source;
    const { words, offsets, strings, baseStrLen } = source;
    let size = 16;
    while (size < offsets.length) size *= 2;
    this.mask = size - 1;
    this.heads = new Int32Array(size);
    this.next = new Int32Array(offsets.length);
    for (let i = offsets.length - 1; i >= 0; i--) {
      const name = words[offsets[i] as number] as number;
      if (name === 0) continue;
      let hash = 0x811c9dc5;
      if (name >= baseStrLen) {
        for (let at = name - baseStrLen; at < strings.length; at++) {
          const byte = strings[at] as number;
          if (byte === 0) break;
          hash = Math.imul(hash ^ byte, 0x01000193);
        }
      } else {
        for (const byte of this.baseName(name)) hash = Math.imul(hash ^ byte, 0x01000193);
      }
      const bucket = hash & this.mask;
      this.next[i] = this.heads[bucket] as number;
      this.heads[bucket] = i + 1;
    }
  }

  /** Ids of own types of that name, ascending. */
  lookup(name: Uint8Array): number[] {
    let hash = 0x811c9dc5;
    for (const byte of name) hash = Math.imul(hash ^ byte, 0x01000193);
    const found: number[] = [];
    const { words, offsets, startId } = this.source;
    for (let i = this.heads[hash & this.mask] as number; i !== 0; i = this.next[i - 1] as number) {
      if (this.equals(words[offsets[i - 1] as number] as number, name)) found.push(startId + i - 1);
    }
    return found;
  }

  private equals(offset: number, name: Uint8Array): boolean {
    const { strings, baseStrLen } = this.source;
    if (offset < baseStrLen) {
      const bytes = this.baseName(offset);
      return bytes.length === name.length && bytes.every((byte, i) => byte === name[i]);
    }
    const start = offset - baseStrLen;
    for (let i = 0; i < name.length; i++) if (strings[start + i] !== name[i]) return false;
    return strings[start + name.length] === 0;
  }

  private baseName(offset: number): Uint8Array {
    return this.source.base?.stringBytes(offset) ?? new Uint8Array(0);
  }
}
