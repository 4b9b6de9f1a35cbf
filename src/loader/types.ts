import type { BtfId, InsnIdx } from "../base/brand.ts";
import type { Btf } from "../btf/types.ts";
import type { Insn } from "../isa/types.ts";
import type { AttachType, KfuncEntry, MapTypeName, ProgType } from "../kernel/types.ts";

/** Pseudo source registers (uapi linux/bpf.h). */
export const Pseudo = {
  MAP_FD: 1, MAP_VALUE: 2, BTF_ID: 3, FUNC: 4, MAP_IDX: 5, MAP_IDX_VALUE: 6,
  CALL: 1, KFUNC_CALL: 2,
} as const;

export interface SourcePos { file: string; line: number; col: number; text: string }
/** One record of .BTF.ext line_info; insn counts slots from the start of the program. */
export interface LineInfo extends SourcePos { insn: InsnIdx; /** raw offsets into the object's BTF strings, for the kernel's own checks */ fileOff: number; lineOff: number; lineCol: number }
export interface FuncInfo { insn: InsnIdx; typeId: BtfId }

export interface MapSpec {
  name: string;
  /** C name of the section variable, or ".rodata" etc. for internal maps */
  section: string;
  type: MapTypeName;
  typeId: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  numaNode?: number;
  pinning?: number;
  mapExtra: bigint;
  /** BTF ids in the object's BTF; 0 when the kernel gets none */
  keyTypeId: BtfId;
  valueTypeId: BtfId;
  /** map-in-map template */
  inner?: MapSpec;
  /** static initial slots: prog array or map-in-map: [index, symbol name] */
  initialSlots?: readonly { index: number; target: string }[];
  /** .rodata, .data, .bss, .kconfig: initial content of the one value */
  initialData?: Uint8Array;
  /** frozen and read-only for programs (.rodata, .kconfig) */
  readonly: boolean;
  /** struct_ops map's kernel type, when it is one */
  structOps?: { typeName: string; /** member name → program name */ programs: Readonly<Record<string, string>> };
}

export interface ExternSpec {
  name: string;
  kind: "kconfig" | "ksym_func" | "ksym_var";
  weak: boolean;
  typeId: BtfId;
}

export interface ProgramSpec {
  name: string;
  /** as written: "tp/syscalls/sys_enter_openat" */
  section: string;
  /** undefined when libbpf cannot tell the type from the section's name */
  type: ProgType | undefined;
  attachType: AttachType | null;
  /** what follows the section's prefix: a tracepoint, a function, struct_ops member */
  attachTo: string | null;
  sleepable: boolean;
  /** "?" prefix: not loaded by default */
  autoload: boolean;
  flags: number;
  /** byte range in its section */
  sectionIndex: number;
  sectionOffset: number;
  insns: readonly Insn[];
}

/** An object file, parsed and checked once; the same for every kernel. */
export interface ObjectSpec {
  license: string;
  kernVersion: number;
  /** API version that it declares for custom kernels (section .bpf_api_version); 0: none */
  apiVersion?: number;
  btf: Btf | null;
  programs: readonly ProgramSpec[];
  maps: readonly MapSpec[];
  externs: readonly ExternSpec[];
}

/** A resolved map of a bound program. `index` is its place in BoundProgram.maps and the imm of ld_imm64 MAP_FD / MAP_VALUE. */
export interface BoundMap extends MapSpec { index: number }

export interface BoundCall {
  insn: InsnIdx;
  kind: "helper" | "kfunc" | "subprog";
  name: string;
  id: number;
}

/** What BPF_PROG_LOAD would get from libbpf for one program on one kernel. */
export interface BoundProgram {
  name: string;
  type: ProgType;
  attachType: AttachType | null;
  attachTo: string | null;
  /** FUNC/TYPEDEF/struct id in kernel BTF (or module) the program attaches to: fentry, lsm, tp_btf, struct_ops, iter */
  attachBtfId: BtfId;
  attachBtf: Btf | null;
  /** struct_ops: index of the member */
  structOpsMember?: { typeName: string; member: string; memberIndex: number };
  sleepable: boolean;
  flags: number;
  license: string;
  /** API version that the object declares; custom kernels show it their signatures and behaviour of that version */
  apiVersion?: number;
  gplCompatible: boolean;
  /**
   * Main program first, then the subprograms it reaches, as libbpf lays them out. Relocated: ld_imm64 with src MAP_FD/MAP_VALUE
   * carry a BoundMap index in imm (and the value offset in the second slot's imm), BTF_ID an id (second slot's imm: module BTF index),
   * calls with src KFUNC_CALL carry the kfunc's BTF id in imm and an index into `kfuncModules` in off (0: vmlinux).
   */
  insns: readonly Insn[];
  maps: readonly BoundMap[];
  /** off of a kfunc call → module name; [0] is null (vmlinux) */
  kfuncModules: readonly (string | null)[];
  /** kfuncs resolved by name while binding */
  kfuncs: readonly KfuncEntry[];
  calls: readonly BoundCall[];
  funcInfo: readonly FuncInfo[];
  lineInfo: readonly LineInfo[];
  /** line_info that the kernel did not get, because it refused the object's BTF: only for showing sources */
  unseenLineInfo?: readonly LineInfo[];
  /** instruction slot → name of the subprogram that starts there */
  subprogs: ReadonlyMap<InsnIdx, string>;
  /** instruction slot → what libbpf could not resolve there and replaced by a call that cannot be: fails only where it is reached */
  poisoned: ReadonlyMap<InsnIdx, string>;
  /** the object's own BTF (what the kernel gets as prog_btf) */
  btf: Btf | null;
  /** warnings as libbpf prints them */
  warnings: readonly string[];
}

/** A refusal before the verifier sees the program. `message` is libbpf's own last line without its "libbpf: " prefix where libbpf has one. */
export interface LoadError {
  stage: "open" | "relocate" | "resolve" | "verify";
  /** "unsupported": the simulation lacks something; "rejected": libbpf or the kernel would refuse */
  verdict: "rejected" | "unsupported";
  message: string;
  errno?: string;
  insn?: InsnIdx;
  source?: SourcePos;
  /** the helper, kfunc, map or type it is about */
  subject?: { kind: "helper" | "kfunc" | "ksym" | "map" | "type" | "kconfig" | "section" | "elf" | "btf"; name: string };
  /** everything libbpf would have printed, one line each */
  log: readonly string[];
}
