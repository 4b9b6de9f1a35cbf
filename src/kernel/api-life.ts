/** Builds the life of every helper and kfunc out of the packs. */
import { functionSignature } from "./c-signature.ts";
import { findReplacement } from "./api-replacement.ts";
import type { ApiDb, ApiLife, ApiSpan, ApiState } from "./api-types.ts";
import { compareSeries } from "./releases.ts";
import type { HelperEntry, HelperProto, Kernel, KfuncEntry, ProtoType } from "./types.ts";

/** Options that decide whether whole groups of kfuncs exist: a name's prefix, the option, the release that brought both, and where that is to be seen. */
export const GROUP_OPTIONS: readonly { prefix: string; option: string; since: string; source: string }[] = [
  { prefix: "scx_bpf_", option: "CONFIG_SCHED_CLASS_EXT", since: "6.12", source: "kernel/sched/ext.c is built with it" },
  { prefix: "bpf_xdp_ct_", option: "CONFIG_NF_CONNTRACK", since: "5.18", source: "net/netfilter/nf_conntrack_bpf.c" },
  { prefix: "bpf_skb_ct_", option: "CONFIG_NF_CONNTRACK", since: "5.18", source: "net/netfilter/nf_conntrack_bpf.c" },
  { prefix: "hid_bpf_", option: "CONFIG_HID_BPF", since: "6.3", source: "drivers/hid/bpf" },
];

/** What is taken from one kernel; the kernel itself can be forgotten afterwards. */
export interface KernelApis {
  kernel: string;
  release: string;
  off: readonly string[];
  imageOnly: boolean;
  helpers: ReadonlyMap<string, { id: number; state: ApiState }>;
  kfuncs: ReadonlyMap<string, ApiState>;
}

/** Reads the APIs of one kernel. Signatures of kfuncs come from its BTF, those of helpers (by number, helperPrototypes) are the same in every kernel. */
export function kernelApis(kernel: Kernel, prototypes: ReadonlyMap<number, string> = new Map()): KernelApis {
  const helpers = new Map<string, { id: number; state: ApiState }>();
  for (const helper of kernel.manifest.helpers) helpers.set(helper.name, { id: helper.id, state: helperState(helper, prototypes.get(helper.id)) });
  const kfuncs = new Map<string, ApiState>();
  for (const name of new Set(kernel.manifest.kfuncs.map((k) => k.name))) {
    const entry = kernel.kfunc(name);
    if (entry) kfuncs.set(name, kfuncState(kernel, entry));
  }
  const { imageOnly } = kernel;
  const off = imageOnly ? [] : [...new Set(GROUP_OPTIONS.map((g) => g.option))].filter((o) => kernel.config(o) === undefined);
  return { kernel: kernel.manifest.kernel, release: kernel.manifest.release, off, imageOnly, helpers, kfuncs };
}

function kfuncState(kernel: Kernel, entry: KfuncEntry): ApiState {
  const btf = entry.module === null ? kernel.btf : kernel.modules.get(entry.module);
  const signature = btf ? functionSignature(btf, entry.btfId) : undefined;
  return { signature: signature ?? `${entry.name}(?)`, flags: [...entry.flags].sort(), programTypes: [...new Set(entry.progTypes)].sort(), module: entry.module, protos: [] };
}

function helperState(helper: HelperEntry, prototype: string | undefined): ApiState {
  const used = new Set(Object.values(helper.allowed));
  const protos = helper.protos.filter((_, i) => used.size === 0 || used.has(i));
  const all = (pick: (p: HelperProto) => boolean | undefined): boolean => protos.length > 0 && protos.every((p) => pick(p) === true);
  const flags = [
    ...(all((p) => p.gplOnly) ? ["gpl_only"] : []),
    ...(all((p) => p.pktAccess) ? ["pkt_access"] : []),
    ...(all((p) => p.mightSleep) ? ["might_sleep"] : []),
    ...(all((p) => p.allowFastcall) ? ["allow_fastcall"] : []),
  ];
  const texts = [...new Set(protos.map(protoText))].sort();
  const programTypes = [...new Set(Object.keys(helper.allowed).map((key) => key.replace(/:.*/, "")))].sort();
  return { signature: helper.prototype ?? prototype ?? `${helper.name}(…)`, flags, programTypes, module: null, protos: texts };
}

/** "RET_INTEGER(ARG_CONST_MAP_PTR, ARG_PTR_TO_MEM|MEM_RDONLY)" */
export function protoText(proto: HelperProto): string {
  return `${typeText(proto.ret)}(${proto.args.map(typeText).join(", ")})`;
}

/** 5.10 has enum values of their own (…_OR_NULL) for what later releases say with a flag; both are written with the flag. */
function typeText(type: ProtoType): string {
  const flags = new Set(type.flags);
  let { base } = type;
  if (base.endsWith("_OR_NULL")) {
    base = base.slice(0, -"_OR_NULL".length);
    flags.add("PTR_MAYBE_NULL");
  }
  return [base, ...[...flags].sort()].join("|");
}

/** Puts the kernels' APIs together. Order of the input does not matter; the same input gives the same database. */
export function buildApiDb(inputs: readonly KernelApis[]): ApiDb {
  const kernels = [...inputs].sort((a, b) => compareSeries(a.kernel, b.kernel));
  const apis: ApiLife[] = [];
  const names = (pick: (k: KernelApis) => Iterable<string>): string[] => [...new Set(kernels.flatMap((k) => [...pick(k)]))].sort();
  for (const name of names((k) => k.helpers.keys())) {
    const id = kernels.map((k) => k.helpers.get(name)?.id).find((i) => i !== undefined) ?? null;
    apis.push(life(name, "helper", id, kernels.map((k) => k.helpers.get(name)?.state), kernels));
  }
  for (const name of names((k) => k.kfuncs.keys())) {
    apis.push(life(name, "kfunc", null, kernels.map((k) => k.kfuncs.get(name)), kernels));
  }
  const bare: ApiDb = { kernels: kernels.map(({ kernel, release, off, imageOnly }) => ({ kernel, release, off, ...(imageOnly ? { imageOnly } : {}) })), apis };
  return { ...bare, apis: apis.map((a) => (a.until === null ? a : { ...a, replacement: findReplacement(bare, a) })).sort(byName) };
}

function byName(a: ApiLife, b: ApiLife): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}

function life(name: string, kind: ApiLife["kind"], id: number | null, states: readonly (ApiState | undefined)[], kernels: readonly KernelApis[]): ApiLife {
  const spans: ApiSpan[] = [];
  let open: ApiSpan | undefined;
  for (const [i, state] of states.entries()) {
    const kernel = kernels[i]!.kernel;
    if (state && open && JSON.stringify(state) === JSON.stringify(stateOf(open))) {
      open.to = kernel;
    } else {
      open = state ? { ...state, from: kernel, to: kernel } : undefined;
      if (open) spans.push(open);
    }
  }
  const last = spans.at(-1)!.to;
  return { name, kind, id, since: spans[0]!.from, until: last === kernels.at(-1)!.kernel ? null : last, replacement: null, spans };
}

function stateOf(span: ApiSpan): ApiState {
  const { signature, flags, programTypes, module, protos } = span;
  return { signature, flags, programTypes, module, protos };
}
