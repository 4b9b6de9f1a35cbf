import { ByteReader } from "../../base/bytes.ts";

/** Bytes after the 12-byte head of a BTF type, by kind (Documentation/bpf/btf.rst); v is vlen. */
const EXTRA: Record<number, (v: number) => number> = {
  1: () => 4, 3: () => 12, 4: (v) => 12 * v, 5: (v) => 12 * v, 6: (v) => 8 * v, 13: (v) => 8 * v, 14: () => 4, 15: (v) => 12 * v, 17: () => 4, 19: (v) => 12 * v,
};
const FWD = 7;
const TYPE_TAG = 18;
/** kinds whose third word is a type, not a size */
const REFERS = new Set([2, 8, 9, 10, 11, 12, 13, 14, 17, 18]);

interface Type {
  kind: number;
  kflag: number;
  vlen: number;
  name: string;
  third: number;
  extra: number[];
}

export interface BtfText {
  lines: string[];
  /** forward declarations, whose order is free */
  forwards: number;
  /** type id → number in `lines` */
  place: Map<number, string>;
  string(offset: number): string;
}

/**
 * BTF as text in which the order of forward declarations (and of the tags on them) does not count: native clang writes them in
 * the order of heap addresses, so an unused -D shuffles them. Every other type keeps its place.
 */
export function btfText(bytes: Uint8Array): BtfText {
  const r = new ByteReader(bytes);
  const word = (at: number): number => {
    const value = r.u32(at);
    if (value === undefined) throw new Error("BTF is cut short");
    return value;
  };
  const head = word(4);
  const typesFrom = head + word(8);
  const typesTo = typesFrom + word(12);
  const stringsFrom = head + word(16);
  const string = (offset: number) => r.cString(stringsFrom + offset, 65536) ?? `?${offset}`;
  const types: Type[] = [{ kind: 0, kflag: 0, vlen: 0, name: "void", third: 0, extra: [] }];
  for (let at = typesFrom; at < typesTo; ) {
    const info = word(at + 4);
    const kind = (info >> 24) & 31;
    const vlen = info & 0xffff;
    const size = EXTRA[kind]?.(vlen) ?? 0;
    const extra: number[] = [];
    for (let i = 0; i < size; i += 4) extra.push(word(at + 12 + i));
    types.push({ kind, kflag: info >>> 31, vlen, name: string(word(at)), third: word(at + 8), extra });
    at += 12 + size;
  }
  const free = (t: Type) => t.kind === FWD || t.kind === TYPE_TAG;
  const place = new Map<number, string>();
  let n = 0;
  types.forEach((t, id) => {
    if (!free(t)) place.set(id, `#${n++}`);
  });
  const nameOf = (id: number, depth = 0): string => {
    const t = types[id];
    if (!t || depth > 32) return `?${id}`;
    if (t.kind === FWD) return `fwd ${t.kflag} ${t.name}`;
    if (t.kind === TYPE_TAG) return `tag ${t.name} of ${nameOf(t.third, depth + 1)}`;
    return place.get(id)!;
  };
  types.forEach((t, id) => {
    if (free(t)) place.set(id, nameOf(id));
  });
  const ref = (id: number) => place.get(id) ?? `?${id}`;
  const fixed: string[] = [];
  const moving: string[] = [];
  types.forEach((t, id) => {
    if (free(t)) {
      moving.push(ref(id));
      return;
    }
    const words = t.extra.map((w, i) => {
      switch (t.kind) {
        case 3: return i < 2 ? ref(w) : w;
        case 4: case 5: return i % 3 === 0 ? string(w) : i % 3 === 1 ? ref(w) : w;
        case 6: return i % 2 === 0 ? string(w) : w;
        case 13: return i % 2 === 0 ? string(w) : ref(w);
        case 15: return i % 3 === 0 ? ref(w) : w;
        case 19: return i % 3 === 0 ? string(w) : w;
        default: return w;
      }
    });
    fixed.push(`${ref(id)} kind=${t.kind}/${t.kflag}/${t.vlen} ${t.name} ${REFERS.has(t.kind) ? ref(t.third) : t.third} ${words.join(" ")}`);
  });
  return { lines: [...fixed, ...moving.sort()], forwards: types.filter((t) => t.kind === FWD).length, place, string };
}

/** .BTF.ext as text, its strings and types named as in `btf`. */
export function btfExtText(bytes: Uint8Array, btf: BtfText): string[] {
  const r = new ByteReader(bytes);
  const word = (at: number): number => {
    const value = r.u32(at);
    if (value === undefined) throw new Error(".BTF.ext is cut short");
    return value;
  };
  const head = word(4);
  const lines: string[] = [];
  const parts: [string, number, (at: number) => string][] = [
    ["func", 8, (at) => `${word(at)} ${btf.place.get(word(at + 4))}`],
    ["line", 16, (at) => `${word(at)} ${btf.string(word(at + 4))} ${btf.string(word(at + 8))} ${word(at + 12)}`],
    ["core", 24, (at) => `${word(at)} ${btf.place.get(word(at + 4))} ${btf.string(word(at + 8))} ${word(at + 12)}`],
  ];
  for (const [name, field, show] of parts) {
    if (field + 8 > head) continue;
    const from = head + word(field);
    const to = from + word(field + 4);
    if (to === from) continue;
    const size = word(from);
    lines.push(`${name} size=${size}`);
    for (let at = from + 4; at < to; ) {
      const count = word(at + 4);
      lines.push(`in ${btf.string(word(at))}`);
      at += 8;
      for (let i = 0; i < count; i++, at += size) lines.push(`  ${show(at)}`);
    }
  }
  return lines;
}
