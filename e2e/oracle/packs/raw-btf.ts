/**
 * Small BTF blobs for probes, written by hand (Documentation/bpf/btf.rst).
 */

/** A type: kind, name, low bits of `info`, size or type, and what follows. */
export interface RawType {
  readonly kind: number;
  readonly name?: string;
  readonly vlen?: number;
  readonly kindFlag?: boolean;
  readonly word: number;
  readonly extra?: readonly (number | string)[];
}

/** Encodes types 1…; strings in `extra` become offsets of those strings. */
export function rawBtf(types: readonly RawType[]): Buffer {
  let strings = "\0";
  const offset = (text: string): number => {
    if (text === "") return 0;
    const at = strings.indexOf(`\0${text}\0`);
    if (at >= 0) return at + 1;
    strings += `${text}\0`;
    return strings.length - text.length - 1;
  };
  const words: number[] = [];
  for (const type of types) {
    words.push(offset(type.name ?? ""), ((type.kindFlag ? 1 : 0) << 31) | (type.kind << 24) | (type.vlen ?? 0), type.word);
    for (const extra of type.extra ?? []) words.push(typeof extra === "string" ? offset(extra) : extra);
  }
  const body = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => body.writeInt32LE(word | 0, 4 * i));
  const head = Buffer.alloc(24);
  head.writeUInt16LE(0xeb9f, 0);
  head[2] = 1;
  head.writeUInt32LE(24, 4);
  head.writeUInt32LE(body.length, 12);
  head.writeUInt32LE(body.length, 16);
  head.writeUInt32LE(strings.length, 20);
  return Buffer.concat([head, body, Buffer.from(strings, "latin1")]);
}

/** INT "int": signed, 32 bits. */
export const rawInt: RawType = { kind: 1, name: "int", word: 4, extra: [(1 << 24) | 32] };
