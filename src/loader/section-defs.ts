import type { AttachType, ProgType } from "../kernel/types.ts";

/** What a SEC("…") name makes of a program (libbpf 1.7 section_defs). */
export interface SectionDef {
  /** name; with `detail` it may be followed by "/" and more */
  name: string;
  detail: boolean;
  type: ProgType;
  attachType: AttachType | null;
  sleepable: boolean;
  /** the attach type may be left out on kernels that do not know it (SEC_EXP_ATTACH_OPT) */
  attachOptional: boolean;
  /** the target's BTF id is looked up at load (SEC_ATTACH_BTF) */
  attachBtf: boolean;
  frags: boolean;
  usdt: boolean;
}

type Flag = "sleepable" | "attachOptional" | "attachBtf" | "frags" | "usdt";

function def(sec: string, type: ProgType, attachType: AttachType | null = null, ...flags: Flag[]): SectionDef {
  const has = (flag: Flag): boolean => flags.includes(flag);
  return {
    name: sec.replace(/\+$/, ""), detail: sec.endsWith("+"), type, attachType, sleepable: has("sleepable"), attachOptional: has("attachOptional"),
    attachBtf: has("attachBtf"), frags: has("frags"), usdt: has("usdt"),
  };
}

const SLEEPABLE = "sleepable";
const OPTIONAL = "attachOptional";
const BTF = "attachBtf";

/** In libbpf's order: the first that matches wins. */
export const SECTION_DEFS: readonly SectionDef[] = [
  def("socket", "socket_filter"),
  def("sk_reuseport/migrate", "sk_reuseport", "sk_reuseport_select_or_migrate"),
  def("sk_reuseport", "sk_reuseport", "sk_reuseport_select"),
  def("kprobe+", "kprobe"),
  def("uprobe+", "kprobe"),
  def("uprobe.s+", "kprobe", null, SLEEPABLE),
  def("kretprobe+", "kprobe"),
  def("uretprobe+", "kprobe"),
  def("uretprobe.s+", "kprobe", null, SLEEPABLE),
  def("kprobe.multi+", "kprobe", "trace_kprobe_multi"),
  def("kretprobe.multi+", "kprobe", "trace_kprobe_multi"),
  def("kprobe.session+", "kprobe", "trace_kprobe_session"),
  def("uprobe.multi+", "kprobe", "trace_uprobe_multi"),
  def("uretprobe.multi+", "kprobe", "trace_uprobe_multi"),
  def("uprobe.session+", "kprobe", "trace_uprobe_session"),
  def("uprobe.multi.s+", "kprobe", "trace_uprobe_multi", SLEEPABLE),
  def("uretprobe.multi.s+", "kprobe", "trace_uprobe_multi", SLEEPABLE),
  def("uprobe.session.s+", "kprobe", "trace_uprobe_session", SLEEPABLE),
  def("ksyscall+", "kprobe"),
  def("kretsyscall+", "kprobe"),
  def("usdt+", "kprobe", null, "usdt"),
  def("usdt.s+", "kprobe", null, "usdt", SLEEPABLE),
  def("tc/ingress", "sched_cls", "tcx_ingress"),
  def("tc/egress", "sched_cls", "tcx_egress"),
  def("tcx/ingress", "sched_cls", "tcx_ingress"),
  def("tcx/egress", "sched_cls", "tcx_egress"),
  def("tc", "sched_cls"),
  def("classifier", "sched_cls"),
  def("action", "sched_act"),
  def("netkit/primary", "sched_cls", "netkit_primary"),
  def("netkit/peer", "sched_cls", "netkit_peer"),
  def("tracepoint+", "tracepoint"),
  def("tp+", "tracepoint"),
  def("tracepoint.s+", "tracepoint", null, SLEEPABLE),
  def("tp.s+", "tracepoint", null, SLEEPABLE),
  def("raw_tracepoint+", "raw_tracepoint"),
  def("raw_tp+", "raw_tracepoint"),
  def("raw_tracepoint.s+", "raw_tracepoint", null, SLEEPABLE),
  def("raw_tp.s+", "raw_tracepoint", null, SLEEPABLE),
  def("raw_tracepoint.w+", "raw_tracepoint_writable"),
  def("raw_tp.w+", "raw_tracepoint_writable"),
  def("tp_btf+", "tracing", "trace_raw_tp", BTF),
  def("tp_btf.s+", "tracing", "trace_raw_tp", BTF, SLEEPABLE),
  def("fentry+", "tracing", "trace_fentry", BTF),
  def("fmod_ret+", "tracing", "modify_return", BTF),
  def("fexit+", "tracing", "trace_fexit", BTF),
  def("fentry.s+", "tracing", "trace_fentry", BTF, SLEEPABLE),
  def("fmod_ret.s+", "tracing", "modify_return", BTF, SLEEPABLE),
  def("fexit.s+", "tracing", "trace_fexit", BTF, SLEEPABLE),
  def("fsession+", "tracing", "trace_fsession", BTF),
  def("fsession.s+", "tracing", "trace_fsession", BTF, SLEEPABLE),
  def("fsession.multi+", "tracing", "trace_fsession_multi"),
  def("fsession.multi.s+", "tracing", "trace_fsession_multi", SLEEPABLE),
  def("fentry.multi+", "tracing", "trace_fentry_multi"),
  def("fexit.multi+", "tracing", "trace_fexit_multi"),
  def("fentry.multi.s+", "tracing", "trace_fentry_multi", SLEEPABLE),
  def("fexit.multi.s+", "tracing", "trace_fexit_multi", SLEEPABLE),
  def("freplace+", "ext", null, BTF),
  def("lsm+", "lsm", "lsm_mac", BTF),
  def("lsm.s+", "lsm", "lsm_mac", BTF, SLEEPABLE),
  def("lsm_cgroup+", "lsm", "lsm_cgroup", BTF),
  def("iter+", "tracing", "trace_iter", BTF),
  def("iter.s+", "tracing", "trace_iter", BTF, SLEEPABLE),
  def("syscall", "syscall", null, SLEEPABLE),
  def("xdp.frags/devmap", "xdp", "xdp_devmap", "frags"),
  def("xdp/devmap", "xdp", "xdp_devmap"),
  def("xdp.frags/cpumap", "xdp", "xdp_cpumap", "frags"),
  def("xdp/cpumap", "xdp", "xdp_cpumap"),
  def("xdp.frags", "xdp", "xdp", "frags"),
  def("xdp", "xdp", "xdp", OPTIONAL),
  def("perf_event", "perf_event"),
  def("lwt_in", "lwt_in"),
  def("lwt_out", "lwt_out"),
  def("lwt_xmit", "lwt_xmit"),
  def("lwt_seg6local", "lwt_seg6local"),
  def("sockops", "sock_ops", "cgroup_sock_ops", OPTIONAL),
  def("sk_skb/stream_parser", "sk_skb", "sk_skb_stream_parser", OPTIONAL),
  def("sk_skb/stream_verdict", "sk_skb", "sk_skb_stream_verdict", OPTIONAL),
  def("sk_skb/verdict", "sk_skb", "sk_skb_verdict", OPTIONAL),
  def("sk_skb", "sk_skb"),
  def("sk_msg", "sk_msg", "sk_msg_verdict", OPTIONAL),
  def("lirc_mode2", "lirc_mode2", "lirc_mode2", OPTIONAL),
  def("flow_dissector", "flow_dissector", "flow_dissector", OPTIONAL),
  def("cgroup_skb/ingress", "cgroup_skb", "cgroup_inet_ingress", OPTIONAL),
  def("cgroup_skb/egress", "cgroup_skb", "cgroup_inet_egress", OPTIONAL),
  def("cgroup/skb", "cgroup_skb"),
  def("cgroup/sock_create", "cgroup_sock", "cgroup_inet_sock_create"),
  def("cgroup/sock_release", "cgroup_sock", "cgroup_inet_sock_release"),
  def("cgroup/sock", "cgroup_sock", "cgroup_inet_sock_create", OPTIONAL),
  def("cgroup/post_bind4", "cgroup_sock", "cgroup_inet4_post_bind"),
  def("cgroup/post_bind6", "cgroup_sock", "cgroup_inet6_post_bind"),
  ...(["bind4", "bind6", "connect4", "connect6", "connect_unix", "sendmsg4", "sendmsg6", "sendmsg_unix", "recvmsg4", "recvmsg6", "recvmsg_unix",
    "getpeername4", "getpeername6", "getpeername_unix", "getsockname4", "getsockname6", "getsockname_unix"].map((hook) => def(`cgroup/${hook}`, "cgroup_sock_addr", sockAddrAttachType(hook)))),
  def("cgroup/sysctl", "cgroup_sysctl", "cgroup_sysctl"),
  def("cgroup/getsockopt", "cgroup_sockopt", "cgroup_getsockopt"),
  def("cgroup/setsockopt", "cgroup_sockopt", "cgroup_setsockopt"),
  def("cgroup/dev", "cgroup_device", "cgroup_device", OPTIONAL),
  def("struct_ops+", "struct_ops"),
  def("struct_ops.s+", "struct_ops", null, SLEEPABLE),
  def("sk_lookup", "sk_lookup", "sk_lookup"),
  def("netfilter", "netfilter", "netfilter"),
];

/** "connect4" → "cgroup_inet4_connect", "sendmsg6" → "cgroup_udp6_sendmsg", "bind_unix" style → "cgroup_unix_…". */
function sockAddrAttachType(hook: string): AttachType {
  const match = /^(.*?)(4|6|_unix)$/.exec(hook);
  const [verb, family] = [match?.[1] ?? hook, match?.[2] ?? ""];
  if (family === "_unix") return `cgroup_unix_${verb}`;
  return `cgroup_${verb === "sendmsg" || verb === "recvmsg" ? "udp" : "inet"}${family}_${verb}`;
}

/** The definition for a section's name without a leading "?" (libbpf find_sec_def). */
export function findSectionDef(section: string): SectionDef | undefined {
  return SECTION_DEFS.find((one) => section === one.name || (one.detail && section.startsWith(`${one.name}/`)));
}
