import type { BtfId } from "../base/brand.ts";
import { decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { BTF_INT_BOOL, BTF_INT_CHAR, BTF_INT_SIGNED } from "./constants.ts";
import { NameIndex } from "./name-index.ts";
import { BtfKind, type Btf, type BtfMember, type BtfParam, type BtfType } from "./types.ts";
import { resolveType, sizeOfType } from "./walk.ts";

/** What `parseBtf` has checked: every word offset, id and string offset in here is in range. */
export interface BtfSource {
  base: StoredBtf | null;
  name: string;
  /** the type section */
  words: Uint32Array;
  /** word offset of each own type */
  offsets: Uint32Array;
  strings: Uint8Array;
  /** string offsets below this are the base's */
  baseStrLen: number;
  startId: number;
}

const VOID: BtfType = { kind: BtfKind.VOID, id: 0, name: "" };
const NONE: readonly string[] = [];

/** BTF over its bytes; types are decoded on first use and kept. */
export class StoredBtf implements Btf {
  readonly base: StoredBtf | null;
  readonly name: string;
  readonly count: number;
  readonly startId: number;
  /** first string offset after this BTF's own; where split BTF goes on */
  readonly strEnd: number;
  private readonly source: BtfSource;
  private readonly decoded: (BtfType | undefined)[];
  private joined: string | undefined;
  private flavoured: readonly BtfId[] | undefined;
  private index: NameIndex | undefined;
  private tags: Map<BtfId, { tag: string; componentIdx: number }[]> | undefined;

  constructor(source: BtfSource) {
    this.source = source;
    this.base = source.base;
    this.name = source.name;
    this.startId = source.startId;
    this.count = source.startId + source.offsets.length;
    this.strEnd = source.baseStrLen + source.strings.length;
    this.decoded = new Array<BtfType | undefined>(source.offsets.length);
  }

  type(id: BtfId): BtfType | undefined {
    if (id === 0) return VOID;
    if (id < this.startId) return this.base?.type(id);
    const index = id - this.startId;
    const known = this.decoded[index];
    if (known) return known;
    const at = this.source.offsets[index];
    if (at === undefined) return undefined;
    return (this.decoded[index] = this.decode(id, at));
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    const { words, offsets } = this.source;
    for (const id of this.ownNamed(name)) {
      const info = words[(offsets[id - this.startId] as number) + 1] as number;
      if (((info >>> 24) & 0x7f) === kind) return id;
    }
    return this.base?.find(kind, name);
  }

  named(name: string): readonly BtfId[] {
    const own = this.ownNamed(name);
    return this.base ? [...own, ...this.base.named(name)] : own;
  }

  resolve(id: BtfId): BtfType | undefined {
    return resolveType(this, id);
  }

  sizeOf(id: BtfId): number | undefined {
    return sizeOfType(this, id);
  }

  declTags(id: BtfId, componentIdx = -1): readonly string[] {
    if (!this.tags) {
      this.tags = new Map();
      const { words, offsets } = this.source;
      for (let i = 0; i < offsets.length; i++) {
        const at = offsets[i] as number;
        if ((((words[at + 1] as number) >>> 24) & 0x7f) !== BtfKind.DECL_TAG) continue;
        const target = words[at + 2] as number;
        const list = this.tags.get(target) ?? [];
        list.push({ tag: this.text(words[at] as number), componentIdx: (words[at + 3] as number) | 0 });
        this.tags.set(target, list);
      }
    }
    const own = this.tags.get(id)?.filter((entry) => entry.componentIdx === componentIdx).map((entry) => entry.tag) ?? NONE;
    if (id < this.startId && this.base) return [...this.base.declTags(id, componentIdx), ...own];
    return own;
  }

  /** The string at an offset of the (joint) string section; "" when it is out of range. */
  text(offset: number): string {
    if (offset < this.source.baseStrLen) return this.base?.text(offset) ?? "";
    const { strings, baseStrLen } = this.source;
    const start = offset - baseStrLen;
    this.joined ??= decodeUtf8(strings);
    if (this.joined.length === strings.length) {
      // all ASCII: one decoded text for the whole section, cut by byte offsets
      const end = this.joined.indexOf("\0", start);
      return this.joined.slice(start, end < 0 ? undefined : end);
    }
    return decodeUtf8(this.stringBytes(offset));
  }

  /** The bytes of the string at an offset, without its terminator. */
  stringBytes(offset: number): Uint8Array {
    const { strings, baseStrLen } = this.source;
    if (offset < baseStrLen) return this.base?.stringBytes(offset) ?? new Uint8Array(0);
    const end = strings.indexOf(0, offset - baseStrLen);
    return strings.subarray(offset - baseStrLen, end < 0 ? strings.length : end);
  }

  /** Own ids whose name holds a `___`, as flavours of a type do; ascending. */
  flavouredIds(): readonly BtfId[] {
    if (this.flavoured) return this.flavoured;
    const { words, offsets, strings, baseStrLen } = this.source;
    const starts = new Set<number>();
    for (let at = 0; at + 2 < strings.length; at++) {
      if (strings[at] !== 0x5f || strings[at + 1] !== 0x5f || strings[at + 2] !== 0x5f) continue;
      let start = at;
      while (start > 0 && strings[start - 1] !== 0) start--;
      starts.add(baseStrLen + start);
      while (at < strings.length && strings[at] !== 0) at++;
    }
    const found: BtfId[] = [];
    for (let i = 0; i < offsets.length; i++) {
      const name = words[offsets[i] as number] as number;
      if (starts.has(name) || (name < baseStrLen && this.text(name).includes("___"))) found.push(this.startId + i);
    }
    return (this.flavoured = found);
  }

  /** Own ids of that name, ascending. */
  private ownNamed(name: string): BtfId[] {
    if (name === "") return [];
    this.index ??= new NameIndex(this.source);
    return this.index.lookup(encodeUtf8(name));
  }

  private decode(id: BtfId, at: number): BtfType {
    const { words } = this.source;
    const w = (i: number): number => words[i] as number;
    const name = this.text(w(at));
    const info = w(at + 1);
    const third = w(at + 2);
    const vlen = info & 0xffffff;
    const kindFlag = info >>> 31 === 1;
    let m = at + 3;
    switch ((info >>> 24) & 0x7f) {
      case BtfKind.INT: {
        const data = w(m);
        const encoding = (data >>> 24) & 0x0f;
        return {
          kind: BtfKind.INT, id, name, size: third, bits: data & 0xff, bitOffset: (data >>> 16) & 0xff,
          signed: (encoding & BTF_INT_SIGNED) !== 0, char: (encoding & BTF_INT_CHAR) !== 0, bool: (encoding & BTF_INT_BOOL) !== 0,
        };
      }
      case BtfKind.PTR: return { kind: BtfKind.PTR, id, name, type: third };
      case BtfKind.TYPEDEF: return { kind: BtfKind.TYPEDEF, id, name, type: third };
      case BtfKind.VOLATILE: return { kind: BtfKind.VOLATILE, id, name, type: third };
      case BtfKind.CONST: return { kind: BtfKind.CONST, id, name, type: third };
      case BtfKind.RESTRICT: return { kind: BtfKind.RESTRICT, id, name, type: third };
      case BtfKind.TYPE_TAG: return { kind: BtfKind.TYPE_TAG, id, name, type: third, kindFlag };
      case BtfKind.ARRAY: return { kind: BtfKind.ARRAY, id, name: "", elemType: w(m), indexType: w(m + 1), nelems: w(m + 2) };
      case BtfKind.STRUCT:
      case BtfKind.UNION: {
        const members = new Array<BtfMember>(vlen);
        for (let n = 0; n < vlen; n++, m += 3) {
          const off = w(m + 2);
          members[n] = { name: this.text(w(m)), type: w(m + 1), bitOffset: kindFlag ? off & 0xffffff : off, bitfieldSize: kindFlag ? off >>> 24 : 0 };
        }
        return { kind: ((info >>> 24) & 0x7f) === BtfKind.STRUCT ? BtfKind.STRUCT : BtfKind.UNION, id, name, size: third, members, kindFlag };
      }
      case BtfKind.ENUM: {
        const values = [];
        for (let n = 0; n < vlen; n++, m += 2) values.push({ name: this.text(w(m)), value: BigInt(kindFlag ? w(m + 1) | 0 : w(m + 1)) });
        return { kind: BtfKind.ENUM, id, name, size: third, signed: kindFlag, values };
      }
      case BtfKind.ENUM64: {
        const values = [];
        for (let n = 0; n < vlen; n++, m += 3) {
          const value = (BigInt(w(m + 2)) << 32n) | BigInt(w(m + 1));
          values.push({ name: this.text(w(m)), value: kindFlag ? BigInt.asIntN(64, value) : value });
        }
        return { kind: BtfKind.ENUM64, id, name, size: third, signed: kindFlag, values };
      }
      case BtfKind.FWD: return { kind: BtfKind.FWD, id, name, union: kindFlag };
      case BtfKind.FUNC: return { kind: BtfKind.FUNC, id, name, type: third, linkage: vlen };
      case BtfKind.FUNC_PROTO: {
        const params: BtfParam[] = [];
        for (let n = 0; n < vlen; n++, m += 2) params.push({ name: this.text(w(m)), type: w(m + 1) });
        const last = params[params.length - 1];
        return { kind: BtfKind.FUNC_PROTO, id, name: "", ret: third, params, variadic: last !== undefined && last.type === 0 };
      }
      case BtfKind.VAR: return { kind: BtfKind.VAR, id, name, type: third, linkage: w(m) };
      case BtfKind.DATASEC: {
        const secinfos = [];
        for (let n = 0; n < vlen; n++, m += 3) secinfos.push({ type: w(m), offset: w(m + 1), size: w(m + 2) });
        return { kind: BtfKind.DATASEC, id, name, size: third, secinfos };
      }
      case BtfKind.FLOAT: return { kind: BtfKind.FLOAT, id, name, size: third };
      case BtfKind.DECL_TAG: return { kind: BtfKind.DECL_TAG, id, name, type: third, componentIdx: w(m) | 0 };
      default: return { kind: BtfKind.VOID, id: 0, name: "" };
    }
  }
}
