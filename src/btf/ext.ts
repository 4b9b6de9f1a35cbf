import type { BtfId, ByteOff } from "../base/brand.ts";
import { ByteReader } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { BTF_MAGIC } from "./constants.ts";
import type { BtfError } from "./parse.ts";

/** Offsets of instructions count bytes from the start of the ELF section. */
export interface ExtFuncInfo { insnOff: ByteOff; typeId: BtfId }
/** Positions are offsets into the object's BTF strings; lineCol is line << 10 | column. */
export interface ExtLineInfo { insnOff: ByteOff; fileNameOff: number; lineOff: number; lineCol: number }
export interface ExtCoreRelo { insnOff: ByteOff; typeId: BtfId; accessStrOff: number; kind: number }
/** Records of one ELF section, named by an offset into the object's BTF strings. */
export interface ExtSection<T> { nameOff: number; records: readonly T[] }

/** .BTF.ext: what belongs to BTF but is tied to instructions. */
export interface BtfExt {
  funcInfo: readonly ExtSection<ExtFuncInfo>[];
  lineInfo: readonly ExtSection<ExtLineInfo>[];
  coreRelos: readonly ExtSection<ExtCoreRelo>[];
}

type Words = (index: number) => number;

/** Reads .BTF.ext with the checks and words of libbpf's btf_ext_parse and btf_ext_parse_sec_info. */
export function parseBtfExt(bytes: Uint8Array): Result<BtfExt, BtfError> {
  const r = new ByteReader(bytes);
  if (bytes.length < 8) return err({ message: "BTF.ext header too short", offset: 0 });
  const u32 = (at: number): number => r.u32(at) ?? 0;
  const magic = r.u16(0) ?? 0;
  if (magic !== BTF_MAGIC) return err({ message: `Invalid BTF.ext magic:${magic.toString(16)}`, offset: 0 });
  if (r.u8(2) !== 1) return err({ message: `Unsupported BTF.ext version:${r.u8(2)}`, offset: 2 });
  if (r.u8(3) !== 0) return err({ message: `Unsupported BTF.ext flags:${(r.u8(3) ?? 0).toString(16)}`, offset: 3 });
  const hdrLen = u32(4);
  if (bytes.length < hdrLen) return err({ message: "BTF.ext header not found", offset: 4 });
  if (bytes.length === hdrLen) return err({ message: "BTF.ext has no data", offset: 4 });
  if (hdrLen < 24) return err({ message: "BTF.ext header missing func_info, line_info", offset: 4 });

  const funcInfo = readRecords(r, hdrLen, u32(8), u32(12), "func_info", 8, (w): ExtFuncInfo => ({ insnOff: w(0), typeId: w(1) }));
  if (!funcInfo.ok) return funcInfo;
  const lineInfo = readRecords(r, hdrLen, u32(16), u32(20), "line_info", 16, (w): ExtLineInfo => ({ insnOff: w(0), fileNameOff: w(1), lineOff: w(2), lineCol: w(3) }));
  if (!lineInfo.ok) return lineInfo;
  const hasCore = hdrLen >= 32;
  const coreRelos = readRecords(r, hdrLen, hasCore ? u32(24) : 0, hasCore ? u32(28) : 0, "core_relo", 16, (w): ExtCoreRelo => ({ insnOff: w(0), typeId: w(1), accessStrOff: w(2), kind: w(3) }));
  if (!coreRelos.ok) return coreRelos;
  return ok({ funcInfo: funcInfo.value, lineInfo: lineInfo.value, coreRelos: coreRelos.value });
}

function readRecords<T>(r: ByteReader, hdrLen: number, off: number, len: number, what: string, minSize: number, make: (words: Words) => T): Result<ExtSection<T>[], BtfError> {
  const sections: ExtSection<T>[] = [];
  if (len === 0) return ok(sections);
  const start = hdrLen + off;
  if (off % 4 !== 0) return err({ message: `.BTF.ext ${what} section is not aligned to 4 bytes`, offset: start });
  if (!r.has(start, len)) return err({ message: `${what} section (off:${off} len:${len}) is beyond the end of the ELF section .BTF.ext`, offset: start });
  if (len < 4) return err({ message: `.BTF.ext ${what} record size not found`, offset: start });
  const size = r.u32(start) ?? 0;
  if (size < minSize || size % 4 !== 0) return err({ message: `${what} section in .BTF.ext has invalid record size ${size}`, offset: start });
  let at = start + 4;
  const end = start + len;
  if (at === end) return err({ message: `${what} section in .BTF.ext has no records`, offset: start });
  while (at < end) {
    if (end - at < 8) return err({ message: `${what} section header is not found in .BTF.ext`, offset: at });
    const count = r.u32(at + 4) ?? 0;
    if (count === 0 || end - at < 8 + count * size) return err({ message: `${what} section has incorrect num_records in .BTF.ext`, offset: at + 4 });
    const records = new Array<T>(count);
    for (let i = 0; i < count; i++) {
      const record = at + 8 + i * size;
      records[i] = make((index) => r.u32(record + 4 * index) ?? 0);
    }
    sections.push({ nameOff: r.u32(at) ?? 0, records });
    at += 8 + count * size;
  }
  return ok(sections);
}
