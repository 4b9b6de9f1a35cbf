import type { BtfId } from "../base/brand.ts";
import type { Btf } from "../btf/types.ts";
import type { FeatureName } from "./features.ts";
import type { FunctionBody, KernelPolicy } from "./lab/types.ts";
import type { ProgramVariant } from "./variant.ts";

/**
 * Program type: the kernel's enum name in lower case without its prefix: BPF_PROG_TYPE_SCHED_CLS is "sched_cls".
 * Likewise map types ("percpu_hash") and attach types ("cgroup_inet4_connect", "trace_fentry").
 */
export type ProgType = string;
export type MapTypeName = string;
export type AttachType = string;

/** An argument or return type of a helper as that kernel's enums name it, flags taken apart: {base:"ARG_PTR_TO_MEM", flags:["MEM_RDONLY","PTR_MAYBE_NULL"]}. */
export interface ProtoType { base: string; flags: readonly string[] }

/** A `struct bpf_func_proto` read out of the kernel's image. */
export interface HelperProto {
  /** data symbol it was read from: "bpf_map_lookup_elem_proto" */
  symbol: string;
  ret: ProtoType;
  /** up to five; trailing ARG_DONTCARE dropped */
  args: readonly ProtoType[];
  /** struct name for an ARG_PTR_TO_BTF_ID argument, by position */
  argBtf?: readonly (string | null)[];
  /** byte size for a fixed-size memory argument, by position */
  argSize?: readonly (number | null)[];
  /** struct name behind RET_PTR_TO_BTF_ID */
  retBtf?: string | null;
  gplOnly: boolean;
  pktAccess: boolean;
  mightSleep: boolean;
  allowFastcall?: boolean;
  /** symbol of a function of the kernel that decides per program ("bpf_d_path_allowed"); when it says no: "helper call is not allowed in probe" */
  allowedBy?: string;
}

export interface HelperEntry {
  /** number in the `call` instruction */
  id: number;
  /** "bpf_map_lookup_elem" */
  name: string;
  /** all proto structs of this helper in that kernel (tracing, skb and xdp variants differ) */
  protos: readonly HelperProto[];
  /**
   * Who may call it: key is a ProgType, or "progtype:attachtype" where the answer differs by expected attach type
   * (the more exact key wins); value is an index into protos. Absent, or -1 under a more exact key: "program of this type
   * cannot use helper". Sleepable programs that differ have ":sleepable" behind the key; struct_ops programs have
   * "struct_ops:STRUCT" and "struct_ops:STRUCT/MEMBER" in the attach type's place.
   */
  allowed: Readonly<Record<string, number>>;
  /** C prototype as bpf_helper_defs.h has it, when known: "void *bpf_map_lookup_elem(void *map, const void *key)" */
  prototype?: string;
  /** custom kernels: what it does in place of its own */
  body?: FunctionBody;
}

export interface KfuncEntry {
  name: string;
  /** null: vmlinux */
  module: string | null;
  /** FUNC id in that BTF */
  btfId: BtfId;
  /** decoded by that release's own bits: ["KF_ACQUIRE","KF_RET_NULL"] */
  flags: readonly string[];
  /** program types that may call it (every ProgType the kernel's hooks stand for) */
  progTypes: readonly ProgType[];
  /** where the answer differs within a program type (a filter function): keys as in HelperEntry.allowed, the most exact wins over progTypes */
  exact?: Readonly<Record<string, boolean>>;
  /** kfunc sets it is in, by the kernel's symbol where known, and whether a set has a filter function */
  sets: readonly { name: string; hook: string; filter: boolean; flags: readonly string[] }[];
  /** custom kernels: the kfunc of the release that this one is under another name or prototype; the verifier knows it by that name, and it does the same */
  origin?: string;
  /** custom kernels: another version of a symbol, which no name alone leads to */
  byIdOnly?: true;
  /** custom kernels: what it does in place of its own */
  body?: FunctionBody;
}

/** What an access to a program's context gives, as probed from the booted kernel. */
export interface CtxAccess {
  progType: ProgType;
  /** null: any */
  attachType: AttachType | null;
  /** struct the program sees: "__sk_buff" */
  struct: string | null;
  /** every access that the kernel takes; size in bytes. `read`: register type as the log prints it ("scalar", "pkt", "pkt_end", "sock_common_or_null", …) */
  fields: readonly { off: number; size: number; read: string | null; write: boolean }[];
  /** contexts as long as an event: every aligned access in [from, to) of these sizes is taken (sampled, where `fields` is exhaustive) */
  rest?: { from: number; to: number; sizes: readonly number[]; read: string | null; write: boolean };
}

export interface KernelPackManifest {
  schema: 1;
  /** "7.2" */
  kernel: string;
  /** uname -r: "7.2.12+deb13-amd64" */
  release: string;
  version: { major: number; minor: number; patch: number };
  /** where it came from */
  packages: readonly { name: string; version: string; sha256: string }[];
  progTypes: readonly { id: number; name: ProgType; supported: boolean }[];
  mapTypes: readonly { id: number; name: MapTypeName; supported: boolean }[];
  attachTypes: readonly { id: number; name: AttachType }[];
  helpers: readonly HelperEntry[];
  kfuncs: readonly KfuncEntry[];
  /** destructors registered for kptr types: struct name → kfunc name */
  dtors: readonly { struct: string; kfunc: string }[];
  /** struct_ops the kernel offers, with the module that brings one (null: vmlinux) */
  structOps?: readonly { name: string; module: string | null }[];
  /** the kernel's own lists of functions and types by their symbol: sleepable_lsm_hooks, untrusted_lsm_hooks, btf_id_deny, btf_allowlist_d_path, rcu_protected_types… (full names, "bpf_lsm_file_open"); a list the release does not have is absent */
  idSets?: Readonly<Record<string, readonly string[]>>;
  /** functions that BTF describes and the symbol table does not have (inlined, or kept under a compiler's name only): nothing attaches to them. By module, "" for vmlinux; left out by packs made before this was read */
  functionsWithoutAddress?: Readonly<Record<string, readonly string[]>>;
  ctx: readonly CtxAccess[];
  limits: { insns: number; complexity: number; stack: number; callFrames: number; logLevels: number };
  /** facts found by probing that named features hang on, name → value (e.g. "insn_may_goto": true) */
  probes: Readonly<Record<string, boolean | number | string>>;
  /** modules whose split BTF is in the pack */
  modules: readonly string[];
}

export type { KernelPolicy } from "./lab/types.ts";

/** A simulated kernel: a pack, its BTF, its named features, and perhaps an overlay. Immutable. */
export interface Kernel {
  /** "7.2"; with an overlay "7.2+NAME" */
  readonly name: string;
  readonly release: string;
  readonly version: { major: number; minor: number; patch: number };
  readonly manifest: KernelPackManifest;
  /** null: built without BTF */
  readonly btf: Btf | null;
  /** split BTF by module name */
  readonly modules: ReadonlyMap<string, Btf>;
  /** differences between releases are asked for by name, never by version */
  has(feature: FeatureName): boolean;
  helper(id: number): HelperEntry | undefined;
  helperByName(name: string): HelperEntry | undefined;
  /** the proto a program of that type gets: "unknown" when the number means nothing to this kernel, "not-allowed" when the type may not call it */
  helperProto(id: number, progType: ProgType, attachType: AttachType | null): HelperProto | "unknown" | "not-allowed";
  /** the same for a whole program: being sleepable and the struct_ops member count too (a BoundProgram fits) */
  helperProtoFor(id: number, program: ProgramVariant): HelperProto | "unknown" | "not-allowed";
  /** whether that program may call the kfunc (kernel btf_kfunc_id_set_contains with its filters) */
  kfuncAllowed(kfunc: KfuncEntry, program: ProgramVariant): boolean;
  /** by name; vmlinux's before modules' */
  kfunc(name: string): KfuncEntry | undefined;
  kfuncById(module: string | null, id: BtfId): KfuncEntry | undefined;
  /** CONFIG_* as in the kernel's .config: "y", "m", a number or a quoted string; undefined when not set */
  config(name: string): string | undefined;
  /** the pack was made from the image alone, without modules and .config: which kfuncs modules bring and what is configured is not known */
  readonly imageOnly: boolean;
  ctxAccess(progType: ProgType, attachType: AttachType | null): CtxAccess | undefined;
  /** what an overlay changed, or null on a plain release */
  readonly policy: KernelPolicy | null;
}

/** An opened pack: what `openPack` (pack.ts) returns and `makeKernel` (kernel.ts) takes. */
export interface KernelPack {
  manifest: KernelPackManifest;
  /** null: the kernel was built without BTF */
  btf: Btf | null;
  /** split BTF by module name */
  modules: ReadonlyMap<string, Btf>;
  /** CONFIG_NAME → "y", "m", a number or a quoted string; names that are not set are absent */
  config: ReadonlyMap<string, string>;
}

/** `public/kernels/index.json`: the packs there are, oldest first. */
export interface KernelIndex {
  schema: 1;
  kernels: readonly KernelIndexEntry[];
}
export interface KernelIndexEntry {
  /** "7.2" */
  kernel: string;
  /** "7.2.12+deb13-amd64" */
  release: string;
  /** file name of the pack beside the index: "7.2.pack" */
  file: string;
  /** size of that file */
  bytes: number;
  /** of that file */
  sha256: string;
  /** counts in its manifest */
  helpers: number;
  kfuncs: number;
  btf: boolean;
}
