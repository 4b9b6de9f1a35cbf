/**
 * The kinds of program a kernel knows: program type, and the expected attach type or target where it matters.
 */
import { BtfKind, type BtfType } from "../../../src/btf/types.ts";
import { enumNames } from "./extract.ts";
import { exit, movImm } from "./insns.ts";
import { structOf, type BtfView } from "./layout.ts";
import type { Answer, Requests } from "./requests.ts";

/** A kind of program to ask about. */
export interface Variant {
  /** key in the pack: "xdp", "cgroup_sock_addr:cgroup_inet4_bind", "struct_ops:tcp_congestion_ops" */
  readonly key: string;
  readonly progType: string;
  /** attach type, or what comes after the colon for struct_ops; null: any */
  readonly attachType: string | null;
  readonly type: number;
  readonly attach: number;
  readonly flags: number;
  readonly attachBtfId: number;
  readonly attachSlot?: number;
}

const BPF_F_SLEEPABLE = 16;

/**
 * Program types whose expected attach type is not checked at load but changes what the verifier does: the attach
 * types that belong to them begin with these words. (All others are found by asking.)
 */
const related: Readonly<Record<string, readonly string[]>> = {
  xdp: ["xdp"],
  kprobe: ["trace_kprobe", "trace_uprobe"],
  sched_cls: ["tcx_", "netkit_"],
  cgroup_device: ["cgroup_device"],
  cgroup_sysctl: ["cgroup_sysctl"],
};

/** Targets for program types that attach to a BTF type: attach type → what to look for in BTF; of several the first that loads is taken (not every one may sleep in every release). */
const targets: Readonly<Record<string, readonly [progType: string, kind: BtfKind, ...names: string[]]>> = {
  trace_raw_tp: ["tracing", BtfKind.TYPEDEF, "btf_trace_sched_switch"],
  trace_fentry: ["tracing", BtfKind.FUNC, "bpf_fentry_test1", "__x64_sys_nanosleep", "__x64_sys_getpgid"],
  trace_fexit: ["tracing", BtfKind.FUNC, "bpf_fentry_test1", "__x64_sys_nanosleep", "__x64_sys_getpgid"],
  trace_fsession: ["tracing", BtfKind.FUNC, "bpf_fentry_test1", "__x64_sys_nanosleep", "__x64_sys_getpgid"],
  modify_return: ["tracing", BtfKind.FUNC, "bpf_modify_return_test", "__x64_sys_nanosleep", "__x64_sys_getpgid"],
  trace_iter: ["tracing", BtfKind.FUNC, "bpf_iter_task"],
  lsm_mac: ["lsm", BtfKind.FUNC, "bpf_lsm_file_open", "bpf_lsm_bprm_committed_creds", "bpf_lsm_bpf"],
  lsm_cgroup: ["lsm", BtfKind.FUNC, "bpf_lsm_socket_bind"],
};

const sleepableTargets = new Set(["trace_fentry", "trace_fexit", "trace_fsession", "modify_return", "trace_iter", "lsm_mac"]);

export interface KernelEnums {
  readonly progTypes: readonly { readonly id: number; readonly name: string }[];
  readonly mapTypes: readonly { readonly id: number; readonly name: string }[];
  readonly attachTypes: readonly { readonly id: number; readonly name: string }[];
}

export function kernelEnums(btf: BtfView): KernelEnums {
  return {
    progTypes: enumNames(btf, "bpf_prog_type", "BPF_PROG_TYPE_").filter((entry) => entry.id !== 0),
    mapTypes: enumNames(btf, "bpf_map_type", "BPF_MAP_TYPE_").filter((entry) => entry.id !== 0),
    attachTypes: enumNames(btf, "bpf_attach_type", "BPF_"),
  };
}

function find(btf: BtfView, kind: BtfKind, name: string): number | undefined {
  return btf.named(name).find((id) => btf.type(id)?.kind === kind);
}

/** Function-pointer members of a struct, by index. */
export function functionMembers(btf: BtfView, struct: string): readonly { readonly index: number; readonly name: string }[] {
  const type = structOf(btf, struct);
  const isFunction = (id: number): boolean => {
    const pointer = btf.type(id);
    return pointer?.kind === BtfKind.PTR && btf.type(pointer.type)?.kind === BtfKind.FUNC_PROTO;
  };
  return (type?.members ?? []).flatMap((member, index) => (isFunction(member.type) ? [{ index, name: member.name }] : []));
}

/** Every combination worth asking about; `ask` makes each a load of `r0 = 0; exit`. */
export interface Candidate extends Variant {
  readonly request: number;
}

/** Asks about all program types, alone and with every attach type, and about every BTF target. */
export function askVariants(requests: Requests, btf: BtfView, structOps: readonly { name: string; slot?: number; btf: BtfView }[]): Candidate[] {
  const { progTypes, attachTypes } = kernelEnums(btf);
  const out: Candidate[] = [];
  const ask = (variant: Omit<Variant, "key">, suffix = ""): void => {
    const key = variant.progType + (variant.attachType === null ? "" : `:${variant.attachType}`) + suffix;
    const request = requests.load({ type: variant.type, attach: variant.attach, flags: variant.flags, attachBtfId: variant.attachBtfId, attachSlot: variant.attachSlot, insns: Buffer.concat([movImm(0, 0), exit()]), logMax: 400 });
    out.push({ ...variant, key, request });
  };
  for (const prog of progTypes) {
    ask({ progType: prog.name, attachType: null, type: prog.id, attach: 0, flags: 0, attachBtfId: 0 });
    for (const attach of attachTypes) {
      ask({ progType: prog.name, attachType: attach.name, type: prog.id, attach: attach.id, flags: 0, attachBtfId: 0 });
    }
    // An attach type no kernel has: types that take it don't look at it.
    ask({ progType: prog.name, attachType: "?", type: prog.id, attach: 0x7fff, flags: 0, attachBtfId: 0 });
    ask({ progType: prog.name, attachType: null, type: prog.id, attach: 0, flags: BPF_F_SLEEPABLE, attachBtfId: 0 }, ":sleepable");
  }
  for (const attach of attachTypes) {
    const target = targets[attach.name];
    const prog = target && progTypes.find((entry) => entry.name === target[0]);
    if (!target || !prog) continue;
    const [, kind, ...names] = target;
    for (const name of names) {
      const id = find(btf, kind, name);
      if (id === undefined) continue;
      const base = { progType: prog.name, attachType: attach.name, type: prog.id, attach: attach.id, attachBtfId: id };
      ask({ ...base, flags: 0 }, "@");
      if (sleepableTargets.has(attach.name)) ask({ ...base, flags: BPF_F_SLEEPABLE }, "@:sleepable");
    }
  }
  const ops = progTypes.find((entry) => entry.name === "struct_ops");
  if (ops) {
    for (const { name, slot, btf: own } of structOps) {
      const id = find(own, BtfKind.STRUCT, name);
      if (id === undefined) continue;
      for (const member of functionMembers(own, name)) {
        ask({ progType: "struct_ops", attachType: `${name}/${member.name}`, type: ops.id, attach: member.index, flags: 0, attachBtfId: id, attachSlot: slot }, "@");
      }
    }
  }
  return out;
}

/** Whether the kernel let a candidate reach the verifier: it was taken, or the verifier wrote why not. */
function reached(answer: Answer | undefined): boolean {
  return answer !== undefined && (answer.result === 0 || answer.log !== "");
}

/** What the kernel knows: the variants to ask further about, and which program types it has at all. */
export function judgeVariants(candidates: readonly Candidate[], answers: readonly Answer[]): { variants: Variant[]; supported: ReadonlySet<string>; loads: Record<string, boolean> } {
  const answer = (candidate: Candidate) => answers[candidate.request];
  const supported = new Set(candidates.filter((candidate) => reached(answer(candidate))).map((candidate) => candidate.progType));
  const variants: Variant[] = [];
  const loads: Record<string, boolean> = {};
  for (const progType of supported) {
    const own = candidates.filter((candidate) => candidate.progType === progType);
    const targeted = own.filter((candidate) => candidate.key.includes("@"));
    if (targeted.length > 0) {
      // BTF targets: only what really loads (or is refused for its return value only) can be asked about.
      for (const candidate of targeted) {
        const { request, ...variant } = candidate;
        const said = answers[request];
        if (variants.some((taken) => taken.key === candidate.key.replace("@", ""))) continue;
        loads[candidate.key.replace("@", "")] = said?.result === 0;
        if (said && (said.result === 0 || /^0: /m.test(said.log))) variants.push({ ...variant, key: candidate.key.replace("@", "") });
      }
      continue;
    }
    const plain = own.filter((candidate) => candidate.flags === 0 && !isUnset(candidate, own, answers));
    const anyTaken = reached(answer(plain.find((candidate) => candidate.attachType === "?") as Candidate));
    const sleepable = own.find((candidate) => candidate.flags !== 0);
    for (const candidate of plain) {
      if (candidate.attachType === "?" || !reached(answer(candidate))) continue;
      const { request, ...variant } = candidate;
      const isRelated = (related[progType] ?? []).some((word) => candidate.attachType?.startsWith(word));
      if (candidate.attachType === null || (anyTaken ? isRelated : true)) {
        variants.push(variant);
        loads[candidate.key] = answers[request]?.result === 0;
      }
    }
    if (sleepable && answer(sleepable)?.result === 0) {
      const { request: _, ...variant } = sleepable;
      const only = variants.find((entry) => entry.key === progType);
      if (only && !loads[progType] && /can only be sleepable/.test(answers[(plain[0] as Candidate).request]?.log ?? "")) {
        variants.splice(variants.indexOf(only), 1, { ...variant, key: progType });
        loads[progType] = true;
      } else {
        variants.push(variant);
        loads[sleepable.key] = true;
      }
    }
  }
  return { variants, supported, loads };
}

/** Attach type 0 is also what "none given" looks like: it is one of a type's own only where its twin is taken too. */
function isUnset(candidate: Candidate, own: readonly Candidate[], answers: readonly Answer[]): boolean {
  if (candidate.attachType !== "cgroup_inet_ingress") return false;
  const twin = own.find((entry) => entry.attachType === "cgroup_inet_egress");
  return !twin || !reached(answers[twin.request]);
}

/** Type of a struct_ops value struct or of a context, by name; used where a probe needs its size. */
export function sizeOfStruct(btf: BtfView, name: string): number {
  const type: BtfType | undefined = structOf(btf, name);
  return type && "size" in type ? type.size : 0;
}
