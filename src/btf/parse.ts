import { ByteReader } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { BTF_HEADER_MIN, BTF_MAGIC, BTF_MAX_ID } from "./constants.ts";
import { StoredBtf, type BtfSource } from "./stored.ts";
import { BtfKind, type Btf } from "./types.ts";

export interface BtfError {
  message: string;
  /** byte offset in the given bytes */
  offset?: number;
}
export interface ParseBtfOptions {
  /** BTF the ids and strings of split BTF go on from */
  base?: Btf;
  /** "vmlinux", a module's name, or "" */
  name?: string;
}

interface Header {
  typeStart: number;
  typeEnd: number;
  strStart: number;
  strLen: number;
  /** extra bytes of an unknown kind, per kind: [fixed, per element]; from the layout section that 7.2 brought */
  layout: readonly (readonly [number, number])[];
}

/**
 * Indexes BTF: header, string section and type table, with the checks libbpf makes when it opens BTF (btf_parse_hdr,
 * btf_parse_str_sec, btf_parse_type_sec, btf_sanity_check), in its words. Types are decoded when asked for.
 * The bytes are kept, not copied, unless they are not aligned to 4; they must not change afterwards.
 */
export function parseBtf(bytes: Uint8Array, options: ParseBtfOptions = {}): Result<StoredBtf, BtfError> {
  const header = readHeader(bytes, options.base !== undefined);
  if (!header.ok) return header;
  const { typeStart, typeEnd, strStart, strLen, layout } = header.value;
  const base = options.base ?? null;
  const words = wordsOf(bytes, typeStart, typeEnd);
  if (base !== null && !(base instanceof StoredBtf)) return err({ message: "the base of split BTF must itself be parsed BTF" });
  const baseStrLen = base ? base.strEnd : 0;
  const startId = base ? base.count : 1;

  const index = indexTypes(words, layout, startId);
  if (!index.ok) return err({ message: index.error.message, offset: typeStart + 4 * index.error.word });
  const source: BtfSource = { base, name: options.name ?? "", words, offsets: index.value, strings: bytes.subarray(strStart, strStart + strLen), baseStrLen, startId };
  const invalid = validateReferences(source);
  if (invalid) return err({ message: invalid.message, offset: typeStart + 4 * invalid.word });
  return ok(new StoredBtf(source));
}

/** The type section as 32-bit words; a view where alignment allows. */
function wordsOf(bytes: Uint8Array, start: number, end: number): Uint32Array {
  const length = (end - start) >> 2;
  const at = bytes.byteOffset + start;
  if (at % 4 === 0) return new Uint32Array(bytes.buffer, at, length);
  // A copy by construction: slice() of a Node Buffer would share memory.
  return new Uint32Array(new Uint8Array(bytes.subarray(start, start + 4 * length)).buffer, 0, length);
}

function readHeader(bytes: Uint8Array, split: boolean): Result<Header, BtfError> {
  const r = new ByteReader(bytes);
  const u32 = (at: number): number => r.u32(at) ?? 0;
  if (bytes.length < BTF_HEADER_MIN) return err({ message: "BTF header not found", offset: 0 });
  const magic = r.u16(0) ?? 0;
  if (magic === 0x9feb) return err({ message: "BTF in big endian byte order is not supported here", offset: 0 });
  if (magic !== BTF_MAGIC) return err({ message: `Invalid BTF magic: ${magic.toString(16)}`, offset: 0 });
  if (r.u8(2) !== 1) return err({ message: `Unsupported BTF version ${r.u8(2)}`, offset: 2 });
  const hdrLen = u32(4);
  if (hdrLen < BTF_HEADER_MIN || hdrLen > bytes.length) return err({ message: `BTF header len ${hdrLen} larger than data size ${bytes.length}`, offset: 4 });
  const [typeOff, typeLen, strOff, strLen] = [u32(8), u32(12), u32(16), u32(20)];
  const left = bytes.length - hdrLen;
  if (left < strOff + strLen) return err({ message: `Invalid BTF total size: ${bytes.length}`, offset: 16 });
  if (typeOff + typeLen > strOff) {
    return err({ message: `Invalid BTF data sections layout: type data at ${typeOff} + ${typeLen}, strings data at ${strOff} + ${strLen}`, offset: 8 });
  }
  if (typeOff % 4 !== 0) return err({ message: "BTF type section is not aligned to 4 bytes", offset: 8 });
  const strStart = hdrLen + strOff;
  if (!(split && strLen === 0)) {
    if (strLen === 0 || bytes[strStart + strLen - 1] !== 0) return err({ message: "Invalid BTF string section", offset: strStart });
    if (!split && bytes[strStart] !== 0) return err({ message: "Malformed BTF string section, did you forget to provide base BTF?", offset: strStart });
  }
  const layout: [number, number][] = [];
  if (hdrLen >= 32 && u32(28) > 0) {
    const [layoutOff, layoutLen] = [u32(24), u32(28)];
    if (layoutOff % 4 !== 0) return err({ message: "BTF layout section is not aligned to 4 bytes", offset: 24 });
    if (layoutOff < typeOff + typeLen) {
      return err({ message: `Invalid BTF data sections layout: type data at ${typeOff} + ${typeLen},  layout data at ${layoutOff} + ${layoutLen}`, offset: 24 });
    }
    if (layoutOff + layoutLen > strOff) {
      return err({ message: `Invalid BTF data sections layout: layout data at ${layoutOff} + ${layoutLen}, strings data at ${strOff}`, offset: 24 });
    }
    if (layoutLen % 4 !== 0) return err({ message: "Invalid BTF kind layout section", offset: 24 });
    for (let at = 0; at < layoutLen; at += 4) layout.push([bytes[hdrLen + layoutOff + at] ?? 0, bytes[hdrLen + layoutOff + at + 1] ?? 0]);
  }
  return ok({ typeStart: hdrLen + typeOff, typeEnd: hdrLen + typeOff + typeLen, strStart, strLen, layout });
}

/** Words after the three common ones, by kind: [fixed, per element of vlen]; undefined for kinds not known. */
const EXTRA_WORDS: readonly (readonly [number, number])[] = [
  [0, 0], [1, 0], [0, 0], [3, 0], [0, 3], [0, 3], [0, 2], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0],
  [0, 0], [0, 2], [1, 0], [0, 3], [0, 0], [1, 0], [0, 0], [0, 3],
];

function indexTypes(words: Uint32Array, layout: Header["layout"], startId: number): Result<Uint32Array, { message: string; word: number }> {
  let offsets = new Uint32Array(Math.max(16, words.length >> 3));
  let count = 0;
  let at = 0;
  while (at < words.length) {
    if (at + 3 > words.length) return err({ message: "BTF types data is malformed", word: at });
    const info = words[at + 1] as number;
    const kind = (info >>> 24) & 0x7f;
    const extra = EXTRA_WORDS[kind] ?? layout[kind]?.map((bytes) => bytes / 4);
    if (!extra || kind === 0 && (info & 0xffffff) !== 0 || !Number.isInteger(extra[0]) || !Number.isInteger(extra[1])) {
      return err({ message: `btf: type [${startId + count}]: unrecognized kind ${kind}`, word: at });
    }
    const size = 3 + (extra[0] as number) + (extra[1] as number) * (info & 0xffffff);
    if (at + size > words.length) return err({ message: "BTF types data is malformed", word: at });
    if (count === offsets.length) {
      const grown = new Uint32Array(2 * count);
      grown.set(offsets);
      offsets = grown;
    }
    offsets[count++] = at;
    at += size;
    if (startId + count > BTF_MAX_ID + 1) return err({ message: "BTF has too many types", word: at });
  }
  return ok(offsets.slice(0, count));
}

/** Kinds whose third word is a type id. */
const REFERS = new Set<number>([
  BtfKind.PTR, BtfKind.TYPEDEF, BtfKind.VOLATILE, BtfKind.CONST, BtfKind.RESTRICT, BtfKind.FUNC, BtfKind.FUNC_PROTO, BtfKind.VAR,
  BtfKind.DECL_TAG, BtfKind.TYPE_TAG,
]);

interface BadWord {
  message: string;
  word: number;
}
function badId(id: number, word: number, value: number): BadWord {
  return { message: `btf: type [${id}]: invalid referenced type ID ${value}`, word };
}
function badStr(id: number, word: number, value: number, what: string): BadWord {
  return { message: `btf: type [${id}]: invalid ${what} (string offset ${value})`, word };
}

function validateReferences(source: BtfSource): BadWord | undefined {
  const { words, offsets, startId } = source;
  const idLimit = startId + offsets.length;
  const strLimit = source.baseStrLen + source.strings.length;
  const refers = Uint8Array.from({ length: 128 }, (_, kind) => (REFERS.has(kind) ? 1 : 0));
  for (let i = 0; i < offsets.length; i++) {
    const at = offsets[i] as number;
    const id = startId + i;
    if ((words[at] as number) >= strLimit) return badStr(id, at, words[at] as number, "type name");
    const info = words[at + 1] as number;
    const kind = (info >>> 24) & 0x7f;
    const vlen = info & 0xffffff;
    if (refers[kind] && (words[at + 2] as number) >= idLimit) return badId(id, at, words[at + 2] as number);
    let m = at + 3;
    switch (kind) {
      case BtfKind.ARRAY:
        if ((words[m] as number) >= idLimit) return badId(id, at, words[m] as number);
        if ((words[m + 1] as number) >= idLimit) return badId(id, at, words[m + 1] as number);
        break;
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        for (let n = 0; n < vlen; n++, m += 3) {
          if ((words[m] as number) >= strLimit) return badStr(id, at, words[m] as number, "field name");
          if ((words[m + 1] as number) >= idLimit) return badId(id, at, words[m + 1] as number);
        }
        break;
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        for (let n = 0; n < vlen; n++, m += kind === BtfKind.ENUM ? 2 : 3) {
          if ((words[m] as number) >= strLimit) return badStr(id, at, words[m] as number, "enum name");
        }
        break;
      case BtfKind.FUNC: {
        const target = words[at + 2] as number;
        if (kindOfId(source, target) !== BtfKind.FUNC_PROTO) return { message: `btf: type [${id}]: referenced type [${target}] is not FUNC_PROTO`, word: at };
        break;
      }
      case BtfKind.FUNC_PROTO:
        for (let n = 0; n < vlen; n++, m += 2) {
          if ((words[m] as number) >= strLimit) return badStr(id, at, words[m] as number, "param name");
          if ((words[m + 1] as number) >= idLimit) return badId(id, at, words[m + 1] as number);
        }
        break;
      case BtfKind.DATASEC:
        for (let n = 0; n < vlen; n++, m += 3) if ((words[m] as number) >= idLimit) return badId(id, at, words[m] as number);
        break;
    }
  }
  return undefined;
}

function kindOfId(source: BtfSource, id: number): number {
  if (id === 0) return 0;
  if (id < source.startId) return source.base?.type(id)?.kind ?? 0;
  return ((source.words[(source.offsets[id - source.startId] as number) + 1] as number) >>> 24) & 0x7f;
}
