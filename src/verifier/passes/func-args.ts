/** Argument types out of a function's BTF prototype and its tags (kernel btf_prepare_func_args). */
import { type Btf, BtfKind, type BtfType } from "../../btf/types.ts";
import type { SubprogArg } from "../state/aux-data.ts";
import type { Env } from "../state/env.ts";
import * as T from "../state/reg-type.ts";

/** Names under which a program type's context goes in C (kernel bpf_ctx_convert). */
const CTX_NAMES: Readonly<Record<string, readonly string[]>> = {
  socket_filter: ["__sk_buff"], sched_cls: ["__sk_buff"], sched_act: ["__sk_buff"], xdp: ["xdp_md"], cgroup_skb: ["__sk_buff"], cgroup_sock: ["bpf_sock"],
  cgroup_sock_addr: ["bpf_sock_addr"], lwt_in: ["__sk_buff"], lwt_out: ["__sk_buff"], lwt_xmit: ["__sk_buff"], lwt_seg6local: ["__sk_buff"], sock_ops: ["bpf_sock_ops"],
  sk_skb: ["__sk_buff"], sk_msg: ["sk_msg_md"], flow_dissector: ["__sk_buff"], kprobe: ["bpf_user_pt_regs_t", "pt_regs"], tracepoint: ["__u64"], perf_event: ["bpf_perf_event_data"],
  raw_tracepoint: ["bpf_raw_tracepoint_args"], raw_tracepoint_writable: ["bpf_raw_tracepoint_args"], cgroup_device: ["bpf_cgroup_dev_ctx"], cgroup_sysctl: ["bpf_sysctl"],
  cgroup_sockopt: ["bpf_sockopt"], sk_reuseport: ["sk_reuseport_md"], sk_lookup: ["bpf_sk_lookup"], syscall: [], netfilter: ["bpf_nf_ctx"], lirc_mode2: ["__u32"],
};
const arg = (kind: SubprogArg["kind"], flags = 0, memSize = 0): SubprogArg => ({ kind, flags, memSize, btfId: 0 });

function skipModifiers(btf: Btf, id: number): BtfType | undefined {
  return id === 0 ? btf.type(0) : btf.resolve(id);
}
function isCtxPointer(env: Env, btf: Btf, id: number): boolean {
  let t = btf.type(id);
  while (t && (t.kind === BtfKind.CONST || t.kind === BtfKind.VOLATILE || t.kind === BtfKind.TYPE_TAG)) t = btf.type(t.type);
  const names = CTX_NAMES[env.progType] ?? [];
  if (t?.kind === BtfKind.TYPEDEF && names.includes(t.name)) return true;
  const s = t && btf.resolve(t.id);
  return s?.kind === BtfKind.STRUCT && names.includes(s.name);
}

export function prepareArgs(env: Env, subprog: number): SubprogArg[] {
  const { btf } = env;
  const info = env.subprogs[subprog]!;
  const func = btf?.type(info.btfId);
  if (!btf || func?.kind !== BtfKind.FUNC) return env.failSilently("EFAULT");
  const global = info.linkage === 1;
  const name = func.name;
  const proto = btf.type(func.type);
  if (proto?.kind !== BtfKind.FUNC_PROTO) return env.failSilently("EFAULT");
  if (proto.params.length > (env.f.stack_args ? 12 : 5)) {
    if (!global) env.failSilently("EINVAL");
    env.fail("EINVAL", `Global function ${name}() with ${proto.params.length} > ${env.f.stack_args ? 12 : 5} args. Buggy compiler.`);
  }
  const ret = proto.ret === 0 ? undefined : skipModifiers(btf, proto.ret);
  const retOk = proto.ret === 0 ? env.f.global_func_void : ret?.kind === BtfKind.INT || ret?.kind === BtfKind.ENUM || ret?.kind === BtfKind.ENUM64;
  if (!retOk) {
    if (!global) env.failSilently("EINVAL");
    env.fail("EINVAL", `Global function ${name}() return value not void or scalar. Only those are supported.`);
  }
  return proto.params.map((p, i): SubprogArg => {
    const tags = btf.declTags(info.btfId, i).filter((t) => t.startsWith("arg:"));
    if (tags.length > 0 && !global) env.fail("EOPNOTSUPP", `arg#${i} type tag is not supported in static functions`);
    for (const t of tags) {
      if (t === "arg:ctx") return arg("ctx");
      if (t !== "arg:nonnull") env.unsupported(`the argument tag ${t} is not simulated yet`);
    }
    const t = skipModifiers(btf, p.type);
    if (t?.kind === BtfKind.PTR) {
      if (isCtxPointer(env, btf, t.type)) return arg("ctx");
      if (!global) env.failSilently("EINVAL");
      const target = skipModifiers(btf, t.type);
      if (target === undefined || target.kind === BtfKind.VOID || target.kind === BtfKind.FWD) env.fail("EINVAL", `arg#${i} reference type('${KIND_UPPER[target?.kind ?? 0] ?? "UNKNOWN"} ${target?.name ?? ""}') size cannot be determined: -22`);
      if (target.kind === BtfKind.STRUCT && /^bpf_dynptr(_kern)?$/.test(target.name)) env.unsupported("dynptr arguments of global functions are not simulated yet");
      const size = btf.sizeOf(t.type);
      if (size === undefined) env.fail("EINVAL", `arg#${i} reference type('${KIND_UPPER[target.kind] ?? "UNKNOWN"} ${target.name}') size cannot be determined: -22`);
      return arg("mem", tags.includes("arg:nonnull") ? 0 : T.PTR_MAYBE_NULL, size);
    }
    if (tags.includes("arg:nonnull")) env.fail("EINVAL", `arg#${i} marked as non-null, but is not a pointer type`);
    if (t?.kind === BtfKind.INT || t?.kind === BtfKind.ENUM || t?.kind === BtfKind.ENUM64) return arg("anything");
    if (!global) env.failSilently("EINVAL");
    return env.fail("EINVAL", `Arg#${i} type ${KIND_UPPER[t?.kind ?? 0] ?? "UNKNOWN"} in ${name}() is not supported yet.`);
  });
}
const KIND_UPPER: readonly string[] = [
  "UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC",
  "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64",
];
