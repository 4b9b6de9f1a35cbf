import { BtfKind, type Btf } from "../btf/types.ts";
import { SHN_LORESERVE, STB_GLOBAL, STB_LOCAL, STB_WEAK, STT_FUNC, STT_SECTION } from "../elf/constants.ts";
import type { ElfFile, ElfRelocation, ElfSection, ElfSymbol } from "../elf/types.ts";
import { INSN_SIZE, isLdImm64 } from "../isa/insn.ts";
import { BPF_PSEUDO_CALL, OP_CALL } from "../isa/table.ts";
import { type Collected, isDataUse } from "./collect.ts";
import { isExternSymbol } from "./externs.ts";
import { funcAt, type Extern, type Func, type LoaderMap, type Reloc } from "./internals.ts";
import { EINVAL, ESRCH, FORMAT, RELOC, Refusal, type LoadLog } from "./refusal.ts";

export interface RelocContext {
  elf: ElfFile;
  btf: Btf | null;
  collected: Collected;
  maps: readonly LoaderMap[];
  arenaMap: number;
  externs: readonly Extern[];
  log: LoadLog;
  /** index of the extern of a symbol */
  externOf?: ReadonlyMap<number, number>;
}

/** Reads the relocations of code, .maps and .struct_ops into the functions and maps (libbpf bpf_object__collect_relos). */
export function collectRelocs(without: RelocContext): void {
  const context = { ...without, externOf: new Map(without.externs.map((extern, i) => [extern.symIndex, i])) };
  const { elf, collected } = context;
  for (const section of elf.sections) {
    if (collected.uses[section.index] !== "relo") continue;
    const target = elf.sections[section.info];
    if (!target) continue;
    // several relocation sections for one target are read together with the first
    if (elf.sections.some((other) => other.index < section.index && collected.uses[other.index] === "relo" && other.info === section.info)) continue;
    const relocations = elf.relocations.get(target.index) ?? [];
    if (collected.uses[target.index] === "struct_ops") structOpsRelocs(context, target, relocations);
    else if (target.index === collected.mapsIndex) mapRelocs(context, relocations);
    else codeRelocs(context, section, target, relocations);
  }
  for (const func of collected.funcs) func.relocs.sort((a, b) => a.insn - b.insn);
}

function codeRelocs(context: RelocContext, section: ElfSection, target: ElfSection, relocations: readonly ElfRelocation[]): void {
  const { elf, collected, log } = context;
  for (const [i, relocation] of relocations.entries()) {
    const symbol = elf.symbols[relocation.symbol] as ElfSymbol;
    if (symbol.shndx >= elf.sections.length) {
      log.refuse(`sec '${section.name}': corrupted symbol #${relocation.symbol} pointing to invalid section #${symbol.shndx} for relo #${i}`, { errno: FORMAT });
    }
    if (relocation.offset % INSN_SIZE !== 0 || relocation.offset >= target.size) {
      log.refuse(`sec '${section.name}': invalid offset 0x${relocation.offset.toString(16)} for relo #${i}`, { errno: FORMAT });
    }
    const insn = relocation.offset / INSN_SIZE;
    const func = funcAt(collected.funcs, target.index, insn);
    if (!func) continue;
    const name = symbol.type === STT_SECTION && symbol.name === "" ? (elf.sections[symbol.shndx]?.name ?? "<?") : symbol.name;
    func.relocs.push(codeReloc(context, func, insn - func.secInsnOff, symbol, name));
  }
}

/** libbpf bpf_program__record_reloc */
function codeReloc(context: RelocContext, func: Func, insn: number, symbol: ElfSymbol, name: string): Reloc {
  const { elf, collected, maps, log } = context;
  const refuse = (line: string): never => log.refuse(`prog '${func.name}': ${line}`, { errno: RELOC });
  const code = func.insns[insn];
  if (!code || (code.code !== OP_CALL && !isLdImm64(code))) return refuse(`invalid relo against '${name}' for insns[${insn}].code 0x${(code?.code ?? 0).toString(16)}`);
  if (isLdImm64(code) && insn + 1 >= func.insns.length) return refuse(`invalid relo against '${name}' for insns[${insn}]: the instruction is cut off`);
  const isCall = code.code === OP_CALL;
  if (isExternSymbol(symbol)) {
    const ext = context.externOf?.get(symbol.index);
    if (ext === undefined) return refuse(`extern relo failed to find extern for '${name}' (${symbol.index})`);
    return { kind: isCall ? "extern_call" : "extern_ld64", insn, ext };
  }
  const sectionName = elf.sections[symbol.shndx]?.name ?? "";
  if (isCall) {
    if (code.src !== BPF_PSEUDO_CALL) return refuse("incorrect bpf_call opcode");
    if (symbol.shndx === 0 || symbol.shndx !== collected.textIndex) return refuse(`bad call relo against '${name}' in section '${sectionName}'`);
    if (symbol.value % INSN_SIZE !== 0) return refuse(`bad call relo against '${name}' at offset ${symbol.value}`);
    return { kind: "call", insn, symOff: symbol.value };
  }
  if (symbol.shndx === 0 || symbol.shndx >= SHN_LORESERVE) {
    return refuse(`invalid relo against '${name}' in special section 0x${symbol.shndx.toString(16)}; forgot to initialize global var?..`);
  }
  if (isSubprogSymbol(symbol, collected.textIndex)) {
    if (symbol.value % INSN_SIZE !== 0 || code.imm % INSN_SIZE !== 0) return refuse(`bad subprog addr relo against '${name}' at offset ${symbol.value}+${code.imm}`);
    return { kind: "subprog_addr", insn, symOff: symbol.value };
  }
  if (symbol.shndx === collected.arenaIndex) {
    if (context.arenaMap < 0) return refuse(`bad arena data relocation at insn ${insn}, no arena maps defined`);
    return { kind: "data", insn, map: context.arenaMap, symOff: symbol.value };
  }
  if (symbol.shndx === collected.jumpTablesIndex) return { kind: "jump_table", insn, symOff: symbol.value, symSize: symbol.size };
  const use = collected.uses[symbol.shndx];
  if (!isDataUse(use)) {
    if (symbol.shndx !== collected.mapsIndex) return refuse(`bad map relo against '${name}' in section '${sectionName}'`);
    const map = maps.findIndex((one) => one.kind === "user" && one.sectionIndex === symbol.shndx && one.sectionOffset === symbol.value);
    if (map < 0) return refuse(`map relo failed to find map for section '${sectionName}', off ${symbol.value}`);
    return { kind: "map", insn, map };
  }
  const map = maps.findIndex((one) => one.kind === use && one.sectionIndex === symbol.shndx);
  if (map < 0) return refuse(`data relo failed to find map for section '${sectionName}'`);
  return { kind: "data", insn, map, symOff: symbol.value };
}

function isSubprogSymbol(symbol: ElfSymbol, textIndex: number): boolean {
  if (textIndex === 0 || symbol.shndx !== textIndex) return false;
  if (symbol.bind === STB_LOCAL && symbol.type === STT_SECTION) return true;
  return (symbol.bind === STB_GLOBAL || symbol.bind === STB_WEAK) && symbol.type === STT_FUNC;
}

/** Initial slots of prog arrays and maps of maps (libbpf bpf_object__collect_map_relos). */
function mapRelocs(context: RelocContext, relocations: readonly ElfRelocation[]): void {
  const { elf, btf, collected, maps, log } = context;
  const bad = (line: string): never => {
    throw new Refusal(line, { errno: EINVAL, subject: { kind: "section", name: ".maps" } });
  };
  if (!btf) return bad(".maps relocations need BTF");
  const slots = new Map<LoaderMap, { index: number; target: string }[]>();
  for (const [i, relocation] of relocations.entries()) {
    const symbol = elf.symbols[relocation.symbol] as ElfSymbol;
    const at = relocation.offset;
    const map = maps.find((one) => one.kind === "user" && one.sectionOffset <= at && at + 8 <= one.sectionOffset + one.varSize);
    if (!map) return log.refuse(`.maps relo #${i}: cannot find map '${symbol.name}' at rel->r_offset ${at}`, { errno: EINVAL });
    const isMapInMap = map.spec.type === "array_of_maps" || map.spec.type === "hash_of_maps";
    if (isMapInMap) {
      if (symbol.shndx !== collected.mapsIndex) log.refuse(`.maps relo #${i}: '${symbol.name}' isn't a BTF-defined map`, { errno: RELOC });
      if (map.spec.type === "hash_of_maps" && map.spec.keySize !== 4) log.refuse(`.maps relo #${i}: hash-of-maps '${map.spec.name}' should have key size 4.`, { errno: EINVAL });
      if (!maps.some((one) => one.spec.name === symbol.name)) log.refuse(`.maps relo #${i}: '${symbol.name}' isn't a valid map reference`, { errno: ESRCH });
    } else if (map.spec.type === "prog_array") {
      const program = collected.funcs.find((func) => !func.isSubprog && func.name === symbol.name);
      if (!program) return log.refuse(`.maps relo #${i}: '${symbol.name}' isn't a valid program reference`, { errno: ESRCH });
      if (program.sectionIndex !== symbol.shndx || program.secInsnOff * INSN_SIZE !== symbol.value) {
        log.refuse(`.maps relo #${i}: '${symbol.name}' isn't an entry-point program`, { errno: RELOC });
      }
    } else {
      return bad(`.maps relo #${i}: map '${map.spec.name}' of type ${map.spec.type} takes no initial values`);
    }
    const variable = btf.named(map.spec.name).map((id) => btf.type(id)).find((type) => type?.kind === BtfKind.VAR);
    const def = variable?.kind === BtfKind.VAR ? btf.resolve(variable.type) : undefined;
    const last = def?.kind === BtfKind.STRUCT ? def.members.at(-1) : undefined;
    const offset = at - map.sectionOffset - (last ? last.bitOffset / 8 : 0);
    if (last?.name !== "values" || offset < 0 || offset % 8 !== 0) return bad(`.maps relo #${i}: offset ${at} is no slot of map '${map.spec.name}'`);
    const list = slots.get(map) ?? [];
    list.push({ index: offset / 8, target: symbol.name });
    slots.set(map, list);
  }
  for (const [map, list] of slots) map.spec.initialSlots = list.sort((a, b) => a.index - b.index);
}

/** Which program implements which member (libbpf bpf_object__collect_st_ops_relos). */
function structOpsRelocs(context: RelocContext, section: ElfSection, relocations: readonly ElfRelocation[]): void {
  const { elf, btf, collected, maps, log } = context;
  for (const relocation of relocations) {
    const symbol = elf.symbols[relocation.symbol] as ElfSymbol;
    const at = relocation.offset;
    const map = maps.find((one) => one.kind === "struct_ops" && one.sectionIndex === section.index && at >= one.sectionOffset && at - one.sectionOffset < one.spec.valueSize);
    if (!map?.structOps || !map.spec.structOps || !btf) return log.refuse(`struct_ops reloc: cannot find map at rel->r_offset ${at}`, { errno: EINVAL });
    const prefix = `struct_ops reloc ${map.spec.name}:`;
    if (symbol.shndx >= SHN_LORESERVE) log.refuse(`${prefix} rel->r_offset ${at} shdr_idx ${symbol.shndx} unsupported non-static function`, { errno: RELOC });
    if (symbol.value % INSN_SIZE !== 0) log.refuse(`${prefix} invalid target program offset ${symbol.value}`, { errno: FORMAT });
    const offset = at - map.sectionOffset;
    const type = btf.type(map.structOps.typeId);
    const index = type?.kind === BtfKind.STRUCT ? type.members.findIndex((member) => member.bitOffset === offset * 8) : -1;
    const member = type?.kind === BtfKind.STRUCT ? type.members[index] : undefined;
    if (!member) return log.refuse(`${prefix} cannot find member at moff ${offset}`, { errno: EINVAL });
    const pointer = btf.resolve(member.type);
    if (pointer?.kind !== BtfKind.PTR || btf.resolve(pointer.type)?.kind !== BtfKind.FUNC_PROTO) log.refuse(`${prefix} cannot relocate non func ptr ${member.name}`, { errno: EINVAL });
    const program = funcAt(collected.funcs, symbol.shndx, symbol.value / INSN_SIZE);
    if (!program) return log.refuse(`${prefix} cannot find prog at shdr_idx ${symbol.shndx} to relocate func ptr ${member.name}`, { errno: EINVAL });
    if (program.def?.type !== "struct_ops") log.refuse(`${prefix} prog ${program.name} is not struct_ops BPF program`, { errno: EINVAL });
    map.structOps.programs[index] = program;
    map.spec.structOps = { ...map.spec.structOps, programs: { ...map.spec.structOps.programs, [member.name]: program.name } };
  }
}
