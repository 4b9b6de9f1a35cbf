import type { BtfId } from "../base/brand.ts";
import type { BtfExt } from "../btf/ext.ts";
import type { OverlayBtf } from "../btf/overlay.ts";
import type { StoredBtf } from "../btf/stored.ts";
import type { BtfRefusal } from "../btf/validate.ts";
import type { ElfFile } from "../elf/types.ts";
import type { Insn } from "../isa/types.ts";
import type { SectionDef } from "./section-defs.ts";
import type { MapSpec, ObjectSpec, ProgramSpec } from "./types.ts";

/** A function of the object: an entry point or a subprogram in .text (libbpf struct bpf_program). */
export interface Func {
  name: string;
  /** without a leading "?" */
  section: string;
  sectionIndex: number;
  /** first slot within the section */
  secInsnOff: number;
  insns: readonly Insn[];
  autoload: boolean;
  isSubprog: boolean;
  symGlobal: boolean;
  /** hidden or internal visibility: BTF says static */
  markStatic: boolean;
  def: SectionDef | undefined;
  relocs: Reloc[];
}

/** What an ELF relocation asks for; insn counts slots from the function's start. */
export type Reloc =
  | { kind: "map"; insn: number; map: number }
  | { kind: "data"; insn: number; map: number; symOff: number }
  | { kind: "extern_ld64" | "extern_call"; insn: number; ext: number }
  | { kind: "call" | "subprog_addr"; insn: number; symOff: number }
  | { kind: "jump_table"; insn: number; symOff: number; symSize: number };

/** A map of the object with what only the loader needs. */
export interface LoaderMap {
  spec: MapSpec;
  kind: "user" | "data" | "rodata" | "bss" | "percpu" | "kconfig" | "struct_ops";
  sectionIndex: number;
  sectionOffset: number;
  /** "?.struct_ops": not created unless asked for */
  autocreate: boolean;
  /** bytes of its variable in .maps */
  varSize: number;
  /** of .maps maps: offset of `values` in the definition, or -1 */
  structOps?: { typeId: BtfId; data: Uint8Array; /** by member index */ programs: (Func | null)[] };
}

export type ExternKind = "kconfig" | "ksym";
export type KconfigType = "char" | "bool" | "int" | "tristate" | "char_arr" | "unknown";
export interface Extern {
  name: string;
  kind: ExternKind;
  symIndex: number;
  weak: boolean;
  /** VAR or FUNC in the object's BTF */
  btfId: BtfId;
  isFunc: boolean;
  /** name without a flavour */
  essential: string;
  /** ksym: resolved type; 0: typeless */
  typeId: BtfId;
  kconfig?: { type: KconfigType; signed: boolean; size: number; align: number; offset: number };
}

/** The object's BTF made fit for a kernel, and why a kernel refuses it if it does. */
export interface KernelBtf { btf: OverlayBtf; refusal: BtfRefusal | undefined }

/** Everything binding needs; made by openObject, never changed afterwards. */
export interface ObjectInternals {
  elf: ElfFile;
  /** as in the file: strings for .BTF.ext */
  rawBtf: StoredBtf | null;
  /** with libbpf's fix-ups */
  btf: OverlayBtf | null;
  ext: BtfExt | null;
  /** sorted by section and offset */
  funcs: readonly Func[];
  maps: readonly LoaderMap[];
  externs: readonly Extern[];
  textIndex: number;
  kconfigMap: number;
  arenaMap: number;
  arenaDataSize: number;
  jumpTables: Uint8Array | null;
  hasStructOps: boolean;
  /** lines printed while opening */
  log: readonly string[];
  /** the BTF that kernels get, by what they know of BTF; filled as the object is bound */
  kernelBtf: Map<string, KernelBtf>;
}

/** An ObjectSpec as openObject makes it. */
export interface OpenedObject extends ObjectSpec {
  readonly programs: readonly ProgramSpec[];
  readonly internals: ObjectInternals;
}

/** libbpf prog_contains_insn over the sorted functions. */
export function funcAt(funcs: readonly Func[], sectionIndex: number, insn: number): Func | undefined {
  let low = 0;
  let high = funcs.length - 1;
  while (low < high) {
    const middle = low + ((high - low + 1) >> 1);
    const func = funcs[middle] as Func;
    if (func.sectionIndex < sectionIndex || (func.sectionIndex === sectionIndex && func.secInsnOff <= insn)) low = middle;
    else high = middle - 1;
  }
  const func = funcs[low];
  return func && func.sectionIndex === sectionIndex && insn >= func.secInsnOff && insn < func.secInsnOff + func.insns.length ? func : undefined;
}
