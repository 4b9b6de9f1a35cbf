import { decodeUtf8 } from "../base/bytes.ts";
import {
  SHF_EXECINSTR, SHT_LLVM_ADDRSIG, SHT_NOBITS, SHT_PROGBITS, SHT_REL, SHT_STRTAB, SHT_SYMTAB, STB_LOCAL, STT_FUNC, STV_HIDDEN, STV_INTERNAL,
} from "../elf/constants.ts";
import type { ElfFile, ElfSection, ElfSymbol } from "../elf/types.ts";
import { decodeInsns, INSN_SIZE } from "../isa/insn.ts";
import type { Func } from "./internals.ts";
import { EINVAL, ENOENT, ENOTSUP, FORMAT, type LoadLog } from "./refusal.ts";
import { findSectionDef } from "./section-defs.ts";

/** Sections whose content is a map of one entry that libbpf makes. */
export type DataUse = "data" | "rodata" | "bss" | "percpu";
export type SectionUse = DataUse | "relo" | "struct_ops" | "other";

export const isDataUse = (use: SectionUse | undefined): use is DataUse => use === "data" || use === "rodata" || use === "bss" || use === "percpu";

/** What libbpf's bpf_object__elf_collect learns from the sections. */
export interface Collected {
  license: string;
  kernVersion: number;
  /** API version that the object declares (a proposal, see the compiler's bpf_lab.h); 0: none */
  apiVersion: number;
  /** by section index */
  uses: SectionUse[];
  funcs: Func[];
  /** -1: none */
  mapsIndex: number;
  /** 0: none */
  textIndex: number;
  arenaIndex: number;
  jumpTablesIndex: number;
  hasStructOps: boolean;
  /** FUNC symbols by section */
  funcSymbols: Map<number, ElfSymbol[]>;
  btf: ElfSection | undefined;
  btfExt: ElfSection | undefined;
}

const STRUCT_OPS_NAMES = new Set([".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link"]);

/** Where an object says for which API version of a custom kernel it was written. libbpf knows no such section and passes it over. */
export const API_VERSION_SECTION = ".bpf_api_version";

/** One u32, or several that agree (an object linked of several). */
function apiVersion(section: ElfSection, log: LoadLog): number {
  const { data, name } = section;
  const subject = { kind: "section" as const, name };
  if (data.length === 0 || data.length % 4 !== 0) log.refuse(`sec '${name}': ${data.length} bytes are no API version, which takes 4`, { errno: FORMAT, subject });
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const version = view.getUint32(0, true);
  for (let at = 4; at < data.length; at += 4) {
    if (view.getUint32(at, true) !== version) log.refuse(`sec '${name}': the object declares the API versions ${version} and ${view.getUint32(at, true)}`, { errno: FORMAT, subject });
  }
  return version;
}

function ignored(section: ElfSection): boolean {
  const { name, type } = section;
  if (type === SHT_STRTAB || type === SHT_LLVM_ADDRSIG) return true;
  if (type === SHT_PROGBITS && section.size === 0 && name === ".text") return true;
  if (name.startsWith(".debug_")) return true;
  if (!name.startsWith(".rel")) return false;
  const target = name.slice(4);
  return target.startsWith(".debug_") || target === ".BTF" || target === ".BTF.ext";
}

/** Sorts the sections by what they are for and cuts the code sections into functions. */
export function collectSections(elf: ElfFile, log: LoadLog): Collected {
  const out: Collected = {
    license: "", kernVersion: 0, apiVersion: 0, uses: elf.sections.map(() => "other"), funcs: [], mapsIndex: -1, textIndex: 0, arenaIndex: 0, jumpTablesIndex: 0,
    hasStructOps: false, funcSymbols: functionsBySection(elf), btf: undefined, btfExt: undefined,
  };
  if (!elf.sections.some((section) => section.type === SHT_SYMTAB)) log.refuse("elf: couldn't find symbol table, stripped object file?", { errno: ENOENT });
  for (const section of elf.sections) {
    if (section.index === 0 || ignored(section)) continue;
    const { name, type, index } = section;
    if (name === "license") {
      out.license = cText(section.data).slice(0, 63);
    } else if (name === "version") {
      if (section.data.length !== 4) log.refuse("invalid kver section", { errno: FORMAT });
      out.kernVersion = new DataView(section.data.buffer, section.data.byteOffset).getUint32(0, true);
    } else if (name === API_VERSION_SECTION) {
      out.apiVersion = apiVersion(section, log);
    } else if (name === "maps") {
      log.refuse("elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+", { errno: ENOTSUP, subject: { kind: "section", name } });
    } else if (name === ".maps") {
      out.mapsIndex = index;
    } else if (name === ".BTF") {
      out.btf = section;
    } else if (name === ".BTF.ext") {
      out.btfExt = section;
    } else if (type === SHT_PROGBITS && section.size > 0) {
      collectProgbits(section, out, log);
    } else if (type === SHT_REL) {
      const target = elf.sections[section.info];
      const relocatable = target !== undefined && (target.flags & SHF_EXECINSTR) !== 0n;
      if (relocatable || name === ".rel.maps" || STRUCT_OPS_NAMES.has(name.slice(4))) out.uses[index] = "relo";
      else log.warn(`elf: skipping relo section(${index}) ${name} for section(${section.info}) ${target?.name ?? "<?>"}`);
    } else if (type === SHT_NOBITS && (name === ".bss" || name.startsWith(".bss."))) {
      out.uses[index] = "bss";
    } else if (type !== SHT_SYMTAB) {
      log.warn(`elf: skipping section(${index}) ${name} (size ${section.size})`);
    }
  }
  out.funcs.sort((a, b) => a.sectionIndex - b.sectionIndex || a.secInsnOff - b.secInsnOff);
  for (const func of out.funcs) func.isSubprog = func.sectionIndex === out.textIndex;
  return out;
}

function collectProgbits(section: ElfSection, out: Collected, log: LoadLog): void {
  const { name, index } = section;
  if ((section.flags & SHF_EXECINSTR) !== 0n) {
    if (name === ".text") out.textIndex = index;
    collectFuncs(section, out, log);
  } else if (name === ".data" || name.startsWith(".data.")) {
    out.uses[index] = "data";
  } else if (name === ".rodata" || name.startsWith(".rodata.")) {
    out.uses[index] = "rodata";
  } else if (name === ".percpu" || name.startsWith(".percpu.")) {
    out.uses[index] = "percpu";
  } else if (STRUCT_OPS_NAMES.has(name)) {
    out.uses[index] = "struct_ops";
    out.hasStructOps = true;
  } else if (name === ".addr_space.1") {
    out.arenaIndex = index;
  } else if (name === ".jumptables") {
    out.jumpTablesIndex = index;
  } else {
    log.warn(`elf: skipping unrecognized data section(${index}) ${name}`);
  }
}

function functionsBySection(elf: ElfFile): Map<number, ElfSymbol[]> {
  const bySection = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (symbol.type !== STT_FUNC) continue;
    const list = bySection.get(symbol.shndx);
    if (list) list.push(symbol);
    else bySection.set(symbol.shndx, [symbol]);
  }
  return bySection;
}

/** The functions of a code section, by its FUNC symbols (libbpf bpf_object__add_programs). */
function collectFuncs(section: ElfSection, out: Collected, log: LoadLog): void {
  let budget = 4 * section.size + 4096;
  for (const symbol of out.funcSymbols.get(section.index) ?? []) {
    const { name, value, size } = symbol;
    if (value + size > section.size) log.refuse(`sec '${section.name}': program at offset ${value} crosses section boundary`, { errno: FORMAT });
    if (section.index !== out.textIndex && symbol.bind === STB_LOCAL) {
      log.refuse(`sec '${section.name}': program '${name}' is static and not supported`, { errno: ENOTSUP, subject: { kind: "section", name: section.name } });
    }
    if (size === 0 || size % INSN_SIZE !== 0 || value % INSN_SIZE !== 0) {
      log.refuse(`sec '${section.name}': corrupted program '${name}', offset ${value}, size ${size}`, { errno: EINVAL });
    }
    budget -= size;
    if (budget < 0) log.refuse(`sec '${section.name}': programs overlap one another`, { errno: FORMAT });
    const insns = decodeInsns(section.data.subarray(value, value + size));
    if (!insns.ok) log.refuse(`sec '${section.name}': corrupted program '${name}': ${insns.error.message}`, { errno: EINVAL });
    const plain = section.name.replace(/^\?/, "");
    const global = symbol.bind !== STB_LOCAL;
    out.funcs.push({
      name, section: plain, sectionIndex: section.index, secInsnOff: value / INSN_SIZE, insns: insns.value,
      autoload: plain === section.name, isSubprog: false, symGlobal: global,
      markStatic: global && (symbol.visibility === STV_HIDDEN || symbol.visibility === STV_INTERNAL),
      def: findSectionDef(plain), relocs: [],
    });
  }
}

/** Text up to the first zero byte. */
export function cText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
}
