import { createHash } from "node:crypto";
import { ByteReader } from "../../base/bytes.ts";
import { btfExtText, type BtfText, btfText } from "./btf-text.ts";

interface Section {
  name: string;
  type: number;
  flags: bigint;
  offset: number;
  size: number;
  link: number;
  info: number;
  align: bigint;
  entsize: bigint;
}

const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHT_REL = 9;

/**
 * What an object says, without DWARF: one line per section (with a hash of its bytes), symbol and relocation. DWARF differs
 * between two builds of clang by the name of the build alone, and shifts string offsets and file offsets elsewhere in the file;
 * everything else is compared byte for byte. With `freeForwards`, BTF is given as text in which the order of forward declarations
 * does not count (see btfText). Throws for anything that is not an ELF64 little-endian object.
 */
export function describeObject(object: Uint8Array, freeForwards = false): string[] {
  const r = new ByteReader(object);
  const need = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("object is cut short");
    return value;
  };
  if (r.u32(0) !== 0x464c457f || r.u8(4) !== 2 || r.u8(5) !== 1) throw new Error("not an ELF64 little-endian object");
  const shoff = Number(need(r.u64(0x28)));
  const count = need(r.u16(0x3c));
  const header = (i: number) => shoff + 64 * i;
  const strtabOffset = Number(need(r.u64(header(need(r.u16(0x3e))) + 0x18)));
  const sections: Section[] = [];
  for (let i = 0; i < count; i++) {
    const at = header(i);
    sections.push({
      name: need(r.cString(strtabOffset + need(r.u32(at)))),
      type: need(r.u32(at + 4)),
      flags: need(r.u64(at + 8)),
      offset: Number(need(r.u64(at + 0x18))),
      size: Number(need(r.u64(at + 0x20))),
      link: need(r.u32(at + 0x28)),
      info: need(r.u32(at + 0x2c)),
      align: need(r.u64(at + 0x30)),
      entsize: need(r.u64(at + 0x38)),
    });
  }
  const isDebug = (s: Section | undefined) => s !== undefined && /^(\.rela?)?\.debug_/.test(s.name);
  const sectionName = (i: number) => (i === 0xfff1 ? "ABS" : i === 0xfff2 ? "COMMON" : (sections[i]?.name ?? `#${i}`));
  const symbol = (table: Section, index: number): string => {
    const at = table.offset + 24 * index;
    const names = sections[table.link]!;
    const name = need(r.cString(names.offset + need(r.u32(at))));
    const home = need(r.u16(at + 6));
    return `${name} info=${need(r.u8(at + 4))} other=${need(r.u8(at + 5))} in=${sectionName(home)} value=${need(r.u64(at + 8))} size=${need(r.u64(at + 16))}`;
  };
  let btf: BtfText | undefined;
  const lines = [`ELF flags=${need(r.u32(0x30))} machine=${need(r.u16(0x12))} type=${need(r.u16(0x10))}`];
  for (const s of sections) {
    if (s.type === 0 || s.type === SHT_STRTAB || isDebug(s)) continue;
    const head = `section ${s.name} type=${s.type} flags=${s.flags} align=${s.align} entsize=${s.entsize}`;
    if (s.type === SHT_SYMTAB) {
      lines.push(head);
      for (let i = 1; i < s.size / 24; i++) {
        const home = need(r.u16(s.offset + 24 * i + 6));
        if (!isDebug(sections[home])) lines.push(`  symbol ${symbol(s, i)}`);
      }
    } else if (s.type === SHT_REL) {
      lines.push(`${head} of=${sectionName(s.info)}`);
      for (let at = s.offset; at < s.offset + s.size; at += 16) {
        lines.push(`  at=${need(r.u64(at))} type=${need(r.u32(at + 8))} ${symbol(sections[s.link]!, need(r.u32(at + 12)))}`);
      }
    } else {
      const content = s.type === SHT_NOBITS ? new Uint8Array(0) : need(r.slice(s.offset, s.size));
      if (freeForwards && s.name === ".BTF") {
        btf = btfText(content);
        lines.push(head, ...btf.lines.map((line) => `  ${line}`));
        continue;
      }
      if (freeForwards && s.name === ".BTF.ext" && btf) {
        lines.push(head, ...btfExtText(content, btf).map((line) => `  ${line}`));
        continue;
      }
      lines.push(`${head} size=${s.size} sha256=${createHash("sha256").update(content).digest("hex")}`);
    }
  }
  return lines;
}

/** What is compared between compilers. */
export interface ObjectDigest {
  /** byte for byte, DWARF aside */
  exact: string;
  /** the same, but for the order of BTF's forward declarations */
  anyForwardOrder: string;
  /** forward declarations in BTF: with fewer than two, there is no order */
  forwards: number;
}

export function objectDigest(object: Uint8Array): ObjectDigest {
  const hash = (lines: string[]) => createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 32);
  const free = describeObject(object, true);
  return { exact: hash(describeObject(object)), anyForwardOrder: hash(free), forwards: free.filter((line) => /^ {2}fwd \d /.test(line)).length };
}

/** A digest in one line, as native.json keeps it. */
export function digestText(digest: ObjectDigest): string {
  return `${digest.exact} ${digest.anyForwardOrder} ${digest.forwards}`;
}
