import type { BtfId } from "../base/brand.ts";
import { BTF_GLOBAL } from "../btf/constants.ts";
import type { OverlayBtf } from "../btf/overlay.ts";
import { BtfKind, type Btf, type BtfOf } from "../btf/types.ts";
import { isModifier } from "../btf/walk.ts";
import type { ProgType } from "../kernel/types.ts";
import type { Layout } from "./layout.ts";
import type { LoadSession } from "./session.ts";
import type { ProgramSpec } from "./types.ts";

/** Context struct by program type, for kernels that do not read the arg:ctx tag themselves (libbpf global_ctx_map). */
const CONTEXTS: Readonly<Record<ProgType, string>> = {
  cgroup_device: "bpf_cgroup_dev_ctx", cgroup_skb: "__sk_buff", cgroup_sock: "bpf_sock", cgroup_sock_addr: "bpf_sock_addr", cgroup_sockopt: "bpf_sockopt",
  cgroup_sysctl: "bpf_sysctl", flow_dissector: "__sk_buff", kprobe: "bpf_user_pt_regs_t", lwt_in: "__sk_buff", lwt_out: "__sk_buff", lwt_seg6local: "__sk_buff",
  lwt_xmit: "__sk_buff", netfilter: "bpf_nf_ctx", perf_event: "bpf_perf_event_data", raw_tracepoint: "bpf_raw_tracepoint_args",
  raw_tracepoint_writable: "bpf_raw_tracepoint_args", sched_act: "__sk_buff", sched_cls: "__sk_buff", sk_lookup: "bpf_sk_lookup", sk_msg: "sk_msg_md",
  sk_reuseport: "sk_reuseport_md", sk_skb: "__sk_buff", sock_ops: "bpf_sock_ops", socket_filter: "__sk_buff", xdp: "xdp_md",
};

/**
 * Gives arguments tagged arg:ctx of global functions the type that older verifiers expect (libbpf
 * bpf_program_fixup_func_info). `btf` gains clones of the functions, and the layout's func_info points at them.
 */
export function fixFuncInfo(session: LoadSession, layout: Layout, btf: OverlayBtf, program: ProgramSpec): void {
  const context = program.type === undefined ? undefined : CONTEXTS[program.type];
  const original = session.object.btf;
  if (session.kernel.has("arg_ctx_tag") || !context || !original || layout.funcInfo.length === 0) return;
  const clones = new Map<BtfId, BtfId>();
  let pointer = 0;
  // the tags may already have been replaced for this kernel: read them from the object's own BTF
  for (let id = 1; id < original.count; id++) {
    const tag = original.type(id);
    if (tag?.kind !== BtfKind.DECL_TAG || tag.name !== "arg:ctx") continue;
    const func = btf.type(tag.type);
    if (func?.kind !== BtfKind.FUNC || func.linkage !== BTF_GLOBAL) continue;
    const record = layout.funcInfo.find((info) => info.typeId === func.id || info.typeId === clones.get(func.id));
    const proto = btf.type(func.type);
    if (!record || proto?.kind !== BtfKind.FUNC_PROTO) continue;
    const param = proto.params[tag.componentIdx];
    if (!param || !needsFixup(session, btf, program, func.name, tag.componentIdx, param.type, context)) continue;
    let clone = clones.get(func.id);
    if (clone === undefined) {
      const protoClone = btf.add((own) => ({ ...proto, id: own }));
      clone = btf.add((own) => ({ ...func, id: own, type: protoClone }));
      clones.set(func.id, clone);
      record.typeId = clone;
    }
    if (pointer === 0) {
      const struct = btf.add((own) => ({ kind: BtfKind.STRUCT, id: own, name: context, size: 0, members: [], kindFlag: false }));
      pointer = btf.add((own) => ({ kind: BtfKind.PTR, id: own, name: "", type: struct }));
    }
    const cloned = btf.type((btf.type(clone) as BtfOf<typeof BtfKind.FUNC>).type) as BtfOf<typeof BtfKind.FUNC_PROTO>;
    btf.replace(cloned.id, { ...cloned, params: cloned.params.map((one, i) => (i === tag.componentIdx ? { ...one, type: pointer } : one)) });
  }
}

/** libbpf need_func_arg_type_fixup */
function needsFixup(session: LoadSession, btf: Btf, program: ProgramSpec, func: string, arg: number, typeId: BtfId, context: string): boolean {
  const type = btf.resolve(typeId);
  if (type?.kind === BtfKind.PTR) {
    // libbpf looks for the typedef bpf_user_pt_regs_t at the pointer, not behind it, so it never finds it
    const isTracing = program.type === "kprobe" || program.type === "perf_event";
    const target = btf.resolve(type.type);
    if (target?.kind === BtfKind.VOID) return true;
    if (target?.kind === BtfKind.STRUCT && target.name === context) return false;
    if (isTracing && target?.kind === BtfKind.STRUCT && target.name === "pt_regs") return true;
    if (program.type?.startsWith("raw_tracepoint") && target?.kind === BtfKind.INT && target.size === 8) return true;
  }
  session.log.warn(`prog '${program.name}': subprog '${func}' arg#${arg} is expected to be of \`struct ${context} *\` type`);
  return false;
}
