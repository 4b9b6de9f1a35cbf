import { ByteReader } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { EM_BPF, ET_REL, SHN_LORESERVE, SHT_NOBITS, SHT_NULL, SHT_REL, SHT_STRTAB, SHT_SYMTAB } from "./constants.ts";
import type { ElfError, ElfFile, ElfRelocation, ElfSection, ElfSymbol } from "./types.ts";

const EHDR_SIZE = 64;
const SHDR_SIZE = 64;
const SYM_SIZE = 24;
const REL_SIZE = 16;
const EMPTY = new Uint8Array(0);
/** no name in an eBPF object is longer than this */
const MAX_NAME = 65536;

/** Carries an ElfError from deep inside to the door; never leaves this file. */
class Refusal extends Error {
  readonly offset: number | undefined;
  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Reads a relocatable eBPF object: ELF64, little endian, ET_REL, EM_BPF (or none, as old LLVM wrote). What libbpf's
 * bpf_object__elf_init refuses is refused; every offset and size is checked against the file, and names and
 * relocations together may not exceed what the file's bytes can hold, so that overlapping tables cannot blow up.
 */
export function parseElf(bytes: Uint8Array): Result<ElfFile, ElfError> {
  try {
    return ok(parse(new ByteReader(bytes)));
  } catch (thrown) {
    if (thrown instanceof Refusal) return err({ message: thrown.message, offset: thrown.offset });
    throw thrown;
  }
}

function parse(file: ByteReader): ElfFile {
  const type = checkHeader(file);
  const machine = need(file.u16(18));
  const headers = readSectionHeaders(file);
  const names = new NameBudget(file.length);
  const sections = nameSections(file, headers, names);
  const symbols = readSymbols(sections, names);
  const relocations = readRelocations(sections, symbols.length, file.length);
  const byName = new Map<string, ElfSection>();
  for (const section of sections) if (section.index > 0 && !byName.has(section.name)) byName.set(section.name, section);
  return { machine, type, sections, symbols, relocations, section: (name) => byName.get(name) };
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Refusal("elf: the file ends in the middle of its header");
  return value;
}

/** Checks e_ident, class, byte order, kind and machine; returns e_type. */
function checkHeader(file: ByteReader): number {
  if (file.length === 0) throw new Refusal("elf: the file is empty", 0);
  if (file.length < 4 || file.u32(0) !== 0x464c457f) throw new Refusal("elf: not an ELF object (no \\x7fELF at its start)", 0);
  if (file.length < EHDR_SIZE) throw new Refusal(`elf: the file ends in the middle of its header: ${file.length} of ${EHDR_SIZE} bytes`, file.length);
  if (file.u8(4) !== 2) throw new Refusal("elf: not a 64-bit ELF object", 4);
  if (file.u8(5) === 2) throw new Refusal("elf: big endian objects are not supported here; compile with -target bpfel", 5);
  if (file.u8(5) !== 1) throw new Refusal("elf: unknown byte order", 5);
  const type = need(file.u16(16));
  const machine = need(file.u16(18));
  if (type !== ET_REL) throw new Refusal(`elf: not a relocatable object (e_type ${type}), so not a valid eBPF object file`, 16);
  if (machine !== EM_BPF && machine !== 0) throw new Refusal(`elf: made for another machine (e_machine ${machine}), so not a valid eBPF object file`, 18);
  return type;
}

function readSectionHeaders(file: ByteReader): Omit<ElfSection, "name">[] {
  const shoff = safe(file.u64(40), "section header table's offset", 40);
  const entsize = need(file.u16(58));
  let count = need(file.u16(60));
  if (shoff === 0) throw new Refusal("elf: there is no section header table", 40);
  if (entsize !== SHDR_SIZE) throw new Refusal(`elf: section headers of ${entsize} bytes instead of ${SHDR_SIZE}`, 58);
  if (!file.has(shoff, SHDR_SIZE)) throw new Refusal(`elf: the section header table at ${shoff} lies outside the file of ${file.length} bytes`, 40);
  if (count === 0) count = safe(file.u64(shoff + 32), "number of sections", shoff + 32);
  if (!file.has(shoff, count * SHDR_SIZE)) {
    throw new Refusal(`elf: the section header table (${count} entries at ${shoff}) runs past the end of the file at ${file.length}`, 40);
  }
  const headers: Omit<ElfSection, "name">[] = [];
  for (let index = 0; index < count; index++) {
    const at = shoff + index * SHDR_SIZE;
    const type = need(file.u32(at + 4));
    const offset = safe(file.u64(at + 24), `offset of section ${index}`, at + 24);
    const size = safe(file.u64(at + 32), `size of section ${index}`, at + 32);
    const occupies = index > 0 && type !== SHT_NOBITS && type !== SHT_NULL;
    if (occupies && !file.has(offset, size)) {
      throw new Refusal(`elf: section ${index} (${size} bytes at ${offset}) runs past the end of the file at ${file.length}`, at + 24);
    }
    headers.push({
      index, type, offset, size,
      flags: need(file.u64(at + 8)),
      link: need(file.u32(at + 40)),
      info: need(file.u32(at + 44)),
      entsize: safe(file.u64(at + 56), `entry size of section ${index}`, at + 56),
      data: occupies ? need(file.slice(offset, size)) : EMPTY,
    });
  }
  return headers;
}

function nameSections(file: ByteReader, headers: readonly Omit<ElfSection, "name">[], names: NameBudget): ElfSection[] {
  const shoff = safe(file.u64(40), "section header table's offset", 40);
  let strndx = need(file.u16(62));
  if (strndx === 0xffff) strndx = headers[0]?.link ?? 0;
  const strtab = headers[strndx];
  if (strndx === 0 || !strtab || strtab.type !== SHT_STRTAB) throw new Refusal(`elf: failed to get section names: section ${strndx} is no string table`, 62);
  const strings = new ByteReader(strtab.data);
  return headers.map((header) => {
    const at = shoff + header.index * SHDR_SIZE;
    const name = header.index === 0 ? "" : names.read(strings, need(file.u32(at)), `name of section ${header.index}`);
    return { ...header, name };
  });
}

function readSymbols(sections: readonly ElfSection[], names: NameBudget): ElfSymbol[] {
  const tables = sections.filter((section) => section.type === SHT_SYMTAB);
  if (tables.length > 1) throw new Refusal(`elf: multiple symbol tables (sections ${tables.map((table) => table.index).join(", ")})`);
  const table = tables[0];
  if (!table) return [];
  if (table.size % SYM_SIZE !== 0) throw new Refusal(`elf: the symbol table's size ${table.size} is no multiple of ${SYM_SIZE}`, table.offset);
  const strtab = sections[table.link];
  if (!strtab || strtab.type !== SHT_STRTAB) throw new Refusal(`elf: the symbol table's strings (section ${table.link}) are no string table`, table.offset);
  const strings = new ByteReader(strtab.data);
  const data = new ByteReader(table.data);
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < table.size / SYM_SIZE; index++) {
    const at = index * SYM_SIZE;
    const info = need(data.u8(at + 4));
    const shndx = need(data.u16(at + 6));
    if (shndx >= sections.length && shndx < SHN_LORESERVE) throw new Refusal(`elf: symbol ${index} is in section ${shndx}, which does not exist`, table.offset + at);
    symbols.push({
      index,
      name: index === 0 ? "" : names.read(strings, need(data.u32(at)), `name of symbol ${index}`),
      type: info & 0x0f,
      bind: info >> 4,
      visibility: need(data.u8(at + 5)) & 0x03,
      shndx,
      value: safe(data.u64(at + 8), `value of symbol ${index}`, table.offset + at + 8),
      size: safe(data.u64(at + 16), `size of symbol ${index}`, table.offset + at + 16),
    });
  }
  return symbols;
}

function readRelocations(sections: readonly ElfSection[], symbolCount: number, fileSize: number): Map<number, ElfRelocation[]> {
  const relocations = new Map<number, ElfRelocation[]>();
  let budget = fileSize / REL_SIZE;
  for (const section of sections) {
    if (section.type !== SHT_REL) continue;
    const target = sections[section.info];
    if (!target || section.info === 0) throw new Refusal(`elf: relocations in section ${section.index} are for section ${section.info}, which does not exist`, section.offset);
    if (section.size % REL_SIZE !== 0) throw new Refusal(`elf: relocation section ${section.index}'s size ${section.size} is no multiple of ${REL_SIZE}`, section.offset);
    const data = new ByteReader(section.data);
    const count = section.size / REL_SIZE;
    budget -= count;
    if (budget < 0) throw new Refusal(`elf: relocation section ${section.index} overlaps others`, section.offset);
    const list = relocations.get(target.index) ?? [];
    for (let index = 0; index < count; index++) {
      const at = index * REL_SIZE;
      const symbol = need(data.u32(at + 12));
      if (symbol >= symbolCount) throw new Refusal(`elf: relocation ${index} of section ${target.index} names symbol ${symbol} of ${symbolCount}`, section.offset + at);
      list.push({ offset: safe(data.u64(at), `offset of relocation ${index}`, section.offset + at), type: need(data.u32(at + 8)), symbol });
    }
    relocations.set(target.index, list);
  }
  return relocations;
}

function safe(value: bigint | undefined, what: string, at: number): number {
  if (value === undefined) throw new Refusal(`elf: the file ends before the ${what}`, at);
  if (value > 0x1f_ffff_ffff_ffffn) throw new Refusal(`elf: the ${what} is absurd: 0x${value.toString(16)}`, at);
  return Number(value);
}

/** Names are read at most once an offset, and all together stay in proportion to the file. */
class NameBudget {
  private left: number;
  private readonly known = new Map<ByteReader, Map<number, string>>();

  constructor(fileSize: number) {
    this.left = 16 * fileSize + 1_000_000;
  }

  read(strings: ByteReader, offset: number, what: string): string {
    let cache = this.known.get(strings);
    if (!cache) this.known.set(strings, (cache = new Map()));
    const seen = cache.get(offset);
    if (seen !== undefined) return seen;
    const name = strings.cString(offset, Math.min(MAX_NAME, this.left));
    if (name === undefined) throw new Refusal(`elf: the ${what} is outside its string table or does not end`);
    this.left -= name.length;
    cache.set(offset, name);
    return name;
  }
}
