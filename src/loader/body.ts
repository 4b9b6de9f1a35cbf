import { err, ok, type Result } from "../base/result.ts";
import type { InsnIdx } from "../base/brand.ts";
import { BtfKind, type Btf } from "../btf/types.ts";
import { R_BPF_64_ABS64, STB_GLOBAL, STB_WEAK, STT_OBJECT } from "../elf/constants.ts";
import type { ElfSymbol } from "../elf/types.ts";
import { BODY_PREFIX } from "../kernel/lab/bodies.ts";
import type { KfuncEntry, Kernel } from "../kernel/types.ts";
import { isSubprogCall } from "../isa/insn.ts";
import {
  BPF_CALL, BPF_JMP, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE,
} from "../isa/table.ts";
import type { Insn } from "../isa/types.ts";
import { funcAt, type Extern, type Func, type LoaderMap, type ObjectInternals, type OpenedObject, type Reloc } from "./internals.ts";
import { openObject } from "./open.ts";
import type { MapSpec } from "./types.ts";
import { mapTypeId, POISON_CALL_KFUNC_BASE } from "./uapi.ts";

type CodeReloc = Exclude<Reloc, { kind: "map" | "data" | "extern_ld64" | "extern_call" | "jump_table" }>;
const isCode = (reloc: Reloc): reloc is CodeReloc => reloc.kind === "call" || reloc.kind === "subprog_addr";
const MAX_INSNS = 100_000;
/** for all variables of one section */
const MAX_DATA = 4 * 1024 * 1024;
/** Types that hold values. The others hold programs, sockets, other maps: things of user space, which a function of the kernel has none of. */
const MAP_TYPES: ReadonlySet<string> = new Set([
  "array", "percpu_array", "hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "rhash", "lpm_trie", "queue", "stack", "bloom_filter",
  "task_storage", "sk_storage", "inode_storage", "cgrp_storage",
]);

/** A map, or memory, of functions of a custom kernel. */
export interface BodyMap {
  /** a map's or global variable's name; for static variables and constants whose they are and their section */
  key: string;
  /** one for all functions of the kernel that define it: maps and global variables */
  shared: boolean;
  spec: MapSpec;
  /** words that hold an address: at `at`, that of `map` (index) plus `offset` */
  addresses: readonly { at: number; map: number; offset: number }[];
}

/** What a custom kernel runs when one of its functions is called: as BoundProgram has it. */
export interface BodyCode {
  insns: readonly Insn[];
  maps: readonly BodyMap[];
  kfuncs: readonly KfuncEntry[];
  kfuncModules: readonly (string | null)[];
  /** instruction → what is not there, and is a fault where it is reached */
  poisoned: ReadonlyMap<InsnIdx, string>;
  btf: Btf | null;
}

/**
 * The instructions of a function of an object, first the function, then those it calls in the same section: what a
 * custom kernel runs as part of itself, bound to that kernel. The error says what it wants that a kernel's function cannot have.
 */
export function bodyCode(object: Uint8Array, name: string, kernel: Kernel): Result<BodyCode, string> {
  const opened = openObject(object);
  if (!opened.ok) return err(opened.error.message);
  const { internals } = opened.value as OpenedObject;
  const main = internals.funcs.find((func) => func.name === BODY_PREFIX + name) ?? internals.funcs.find((func) => func.name === name);
  if (!main) return err(`the object has no function "${name}"; there are: ${internals.funcs.map((f) => f.name).join(", ") || "none"}`);
  return new BodyLinker(internals, name, kernel).link(main);
}

class BodyLinker {
  private readonly internals: ObjectInternals;
  private readonly name: string;
  private readonly kernel: Kernel;
  private readonly insns: Insn[] = [];
  private readonly places = new Map<Func, number>();
  private readonly parts: Func[] = [];
  private readonly maps: (BodyMap & { addresses: { at: number; map: number; offset: number }[] })[] = [];
  private readonly byKey = new Map<string, number>();
  /** memory that was made of a part of a section */
  private readonly data: { map: number; sectionIndex: number; start: number; size: number }[] = [];
  private readonly kfuncs: KfuncEntry[] = [];
  private readonly modules: (string | null)[] = [null];
  private readonly poisoned = new Map<InsnIdx, string>();

  constructor(internals: ObjectInternals, name: string, kernel: Kernel) {
    this.internals = internals;
    this.name = name;
    this.kernel = kernel;
  }

  link(main: Func): Result<BodyCode, string> {
    this.append(main);
    // `parts` grows while it is gone through.
    for (const func of this.parts) {
      if (this.insns.length > MAX_INSNS) return err(`the function and what it calls have more than ${MAX_INSNS} instructions`);
      const wrong = this.linkFunc(func, this.places.get(func)!);
      if (wrong !== null) return err(`function "${plain(func.name)}": ${wrong}`);
    }
    // Likewise: what an initial value points to has one of its own.
    for (const part of this.data) {
      const wrong = this.fillAddresses(part);
      if (wrong !== null) return err(wrong);
    }
    const { insns, maps, kfuncs, modules, poisoned, internals } = this;
    return ok({ insns, maps, kfuncs, kfuncModules: modules, poisoned, btf: internals.btf });
  }

  private append(func: Func): number {
    const known = this.places.get(func);
    if (known !== undefined) return known;
    const at = this.insns.length;
    this.places.set(func, at);
    this.parts.push(func);
    for (const insn of func.insns) this.insns.push({ ...insn });
    return at;
  }

  /** Null, or why the function cannot be run. */
  private linkFunc(func: Func, at: number): string | null {
    const relocs = new Map(func.relocs.map((reloc) => [reloc.insn, reloc]));
    for (let i = 0; i < func.insns.length; i++) {
      const reloc = relocs.get(i);
      const insn = this.insns[at + i]!;
      const wrong = reloc === undefined || isCode(reloc) ? this.linkCall(func, reloc, i, at, insn) : this.linkData(func, reloc, at + i);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  private linkCall(func: Func, reloc: CodeReloc | undefined, i: number, at: number, insn: Insn): string | null {
    const isCall = isSubprogCall(insn);
    if (!reloc && !isCall) return null;
    const base = reloc ? reloc.symOff / 8 : func.secInsnOff + i;
    const slot = isCall ? base + insn.imm + 1 : (reloc!.symOff + insn.imm) / 8;
    const target = funcAt(this.internals.funcs, func.sectionIndex, slot);
    if (!target || target.secInsnOff !== slot) return `the call at instruction ${i} leads to no function of its section`;
    insn.src = isCall ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
    insn.imm = this.append(target) - (at + i) - 1;
    return null;
  }

  private linkData(func: Func, reloc: Exclude<Reloc, CodeReloc>, at: number): string | null {
    const first = this.insns[at]!;
    const second = this.insns[at + 1];
    if (!second && reloc.kind !== "extern_call") return `its last instruction, ${at}, is cut short`;
    switch (reloc.kind) {
      case "map": {
        const map = this.internals.maps[reloc.map]!;
        if (!MAP_TYPES.has(map.spec.type)) return `uses the map ${map.spec.name} of type ${map.spec.type}; a function of a custom kernel can have ${[...MAP_TYPES].slice(0, 11).join(", ")} and local storage`;
        first.src = BPF_PSEUDO_MAP_FD;
        first.imm = this.mapIndex(map.spec.name, map.spec, true);
        return null;
      }
      case "data": {
        const map = this.internals.maps[reloc.map]!;
        if (map.kind !== "data" && map.kind !== "rodata" && map.kind !== "bss") return `uses ${map.spec.section}, which a function of a custom kernel cannot`;
        const place = this.memory(map, this.symbolAt(func, reloc), reloc.symOff + first.imm);
        if (typeof place === "string") return place;
        first.src = BPF_PSEUDO_MAP_VALUE;
        first.imm = place.map;
        second!.imm = place.offset;
        return null;
      }
      case "extern_call": case "extern_ld64": return this.linkExtern(this.internals.externs[reloc.ext]!, reloc.kind, at, first, second);
      case "jump_table": return "uses a jump table (mcpu v4); it is compiled for v3";
    }
  }

  /** The symbol that an instruction is relocated against: of a global variable it is that variable, of a static one its section. */
  private symbolAt(func: Func, reloc: Reloc): ElfSymbol | undefined {
    const offset = (func.secInsnOff + reloc.insn) * 8;
    const found = this.internals.elf.relocations.get(func.sectionIndex)?.find((one) => one.offset === offset);
    return found && this.internals.elf.symbols[found.symbol];
  }

  /** The memory that stands for a variable: a global one has its own, by its name; the others lie in their function's sections. */
  private memory(section: LoaderMap, symbol: ElfSymbol | undefined, offset: number): { map: number; offset: number } | string {
    const { spec, sectionIndex } = section;
    const own = symbol !== undefined && (symbol.bind === STB_GLOBAL || symbol.bind === STB_WEAK) && symbol.type === STT_OBJECT && symbol.size > 0;
    const start = own ? symbol.value : 0;
    const size = own ? symbol.size : spec.valueSize;
    const key = own ? symbol.name : `${this.name}'s ${spec.section}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return { map: known, offset: offset - start };
    if (spec.valueSize > MAX_DATA) return `has ${spec.valueSize.toLocaleString("en")} bytes in ${spec.section}; ${MAX_DATA.toLocaleString("en")} is the most`;
    const map = this.mapIndex(key, {
      ...spec, name: key, typeId: mapTypeId("array"), valueSize: size, keyTypeId: 0, valueTypeId: 0, ...(spec.initialData ? { initialData: spec.initialData.slice(start, start + size) } : {}),
    }, own);
    this.data.push({ map, sectionIndex, start, size });
    return { map, offset: offset - start };
  }

  /** Words of initial data that hold addresses of other data, such as a table of texts. */
  private fillAddresses({ map, sectionIndex, start, size }: { map: number; sectionIndex: number; start: number; size: number }): string | null {
    const { elf, maps } = this.internals;
    for (const reloc of elf.relocations.get(sectionIndex) ?? []) {
      if (reloc.offset < start || reloc.offset + 8 > start + size) continue;
      const symbol = elf.symbols[reloc.symbol];
      const target = symbol && maps.find((one) => one.sectionIndex === symbol.shndx && (one.kind === "data" || one.kind === "rodata" || one.kind === "bss"));
      if (reloc.type !== R_BPF_64_ABS64 || !symbol || !target) return `the initial value of ${this.maps[map]!.key} holds the address of ${symbol?.name || "something"}; only addresses of data can stand there`;
      const data = this.maps[map]!.spec.initialData;
      if (!data || data.length < size) return `the initial value of ${this.maps[map]!.key} is cut short`;
      const at = reloc.offset - start;
      const addend = Number(new DataView(data.buffer, data.byteOffset).getBigInt64(at, true));
      const place = this.memory(target, symbol, symbol.value + addend);
      if (typeof place === "string") return place;
      this.maps[map]!.addresses.push({ at, map: place.map, offset: place.offset });
    }
    return null;
  }

  private mapIndex(key: string, spec: MapSpec, shared: boolean): number {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const index = this.maps.push({ key, shared, spec, addresses: [] }) - 1;
    this.byKey.set(key, index);
    return index;
  }

  private linkExtern(extern: Extern, kind: "extern_call" | "extern_ld64", at: number, first: Insn, second: Insn | undefined): string | null {
    if (extern.kind === "kconfig") return `reads ${extern.name}; a function of a custom kernel has no .kconfig`;
    const found = extern.isFunc ? this.findFunc(extern.essential) : this.findVariable(extern.essential);
    if (!found) {
      const missing = `${extern.name}, which kernel ${this.kernel.name} does not have`;
      if (!extern.weak) return extern.isFunc ? `calls ${missing}` : `uses the variable ${missing}`;
      if (kind === "extern_ld64") {
        first.src = first.imm = second!.imm = 0;
        return null;
      }
      this.insns[at] = { code: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm: POISON_CALL_KFUNC_BASE };
      this.poisoned.set(at as InsnIdx, `calls ${missing}`);
      return null;
    }
    let module = this.modules.indexOf(found.module);
    if (module < 0) module = this.modules.push(found.module) - 1;
    first.imm = found.id;
    if (kind === "extern_call") {
      first.src = BPF_PSEUDO_KFUNC_CALL;
      first.off = module;
    } else {
      first.src = BPF_PSEUDO_BTF_ID;
      second!.imm = module;
    }
    return null;
  }

  private findFunc(name: string): { id: number; module: string | null } | null {
    const entry = this.kernel.kfunc(name);
    if (!entry) return null;
    if (!this.kfuncs.includes(entry)) this.kfuncs.push(entry);
    return { id: entry.btfId, module: entry.module };
  }

  private findVariable(name: string): { id: number; module: string | null } | null {
    const id = this.kernel.btf?.find(BtfKind.VAR, name);
    return id === undefined ? null : { id, module: null };
  }
}

/** The name that the author gave: headers declare the helper or kfunc of that name, so it is compiled under another. */
function plain(name: string): string {
  return name.startsWith(BODY_PREFIX) ? name.slice(BODY_PREFIX.length) : name;
}
