/** Program types as their authors write them: sections, and which of them could do what this program may not. */
import type { ProgramVariant } from "../../../kernel/variant.ts";
import { SECTION_DEFS, type SectionDef } from "../../../loader/section-defs.ts";
import type { Env } from "../../state/env.ts";

/** "xdp", "cgroup_skb (cgroup_inet_ingress)", "tracing (fentry)". */
export function programWords(env: Env): string {
  const { type, attachType } = env.prog;
  if (attachType === null || attachType === type || attachType === `${type}_mac`) return type;
  return `${type} (${attachType.replace(/^trace_/, "")})`;
}
/** What of a section's name is usually written, where a type has several. */
const USUAL: Readonly<Record<string, string>> = {
  sched_cls: "tc", tracepoint: "tp", raw_tracepoint: "raw_tp", raw_tracepoint_writable: "raw_tp.w", sk_reuseport: "sk_reuseport", cgroup_skb: "cgroup_skb/egress", cgroup_sock: "cgroup/sock_create",
  cgroup_sock_addr: "cgroup/connect4", sk_skb: "sk_skb/stream_verdict", xdp: "xdp",
};
const NEEDS_TARGET = /^(?:k(?:ret)?probe|u(?:ret)?probe|ksyscall|kretsyscall|usdt|tracepoint|tp|raw_tracepoint|raw_tp|tp_btf|fentry|fexit|fmod_ret|fsession|freplace|lsm|lsm_cgroup|iter|struct_ops)(?:\.|$)/;
/** `SEC("fentry/…")` */
const sec = (name: string): string => `SEC("${name}${NEEDS_TARGET.test(name) ? "/…" : ""}")`;
const variant = (d: SectionDef): ProgramVariant => ({ type: d.type, attachType: d.attachType, sleepable: d.sleepable });
/** Other spellings of a section that is listed too. */
const ALIAS = /^(?:classifier|tracepoint|raw_tracepoint|kretprobe|uretprobe|kretsyscall|tc\/|tcx\/|action$|.*\.multi|.*\.session|xdp\.frags|cgroup\/skb$|cgroup\/sock$|sk_skb$|.*\.w$)/;

/** Types that do alike work: what one may not do is looked for among its kin first. */
const KIN: readonly ReadonlySet<string>[] = [
  new Set(["tracing", "lsm", "tracepoint", "raw_tracepoint", "raw_tracepoint_writable", "kprobe", "perf_event", "syscall"]),
  new Set(["sched_cls", "sched_act", "xdp", "socket_filter", "cgroup_skb", "sk_skb", "sk_msg", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local", "netfilter", "flow_dissector", "sk_lookup", "sk_reuseport"]),
  new Set(["cgroup_sock", "cgroup_sock_addr", "cgroup_sockopt", "cgroup_sysctl", "cgroup_device", "sock_ops"]),
];
/**
 * Sections whose programs pass the test on this kernel, those of the program's own type first, then its kin's; one for each type where
 * all its sections pass, else up to three.
 */
export function sectionsThat(env: Env, test: (program: ProgramVariant) => boolean): string[] {
  const own = env.prog.type;
  const types = new Set(env.kernel.manifest.progTypes.filter((t) => t.supported).map((t) => t.name));
  const out: string[] = [];
  const kin = KIN.find((k) => k.has(own)) ?? new Set<string>();
  for (const type of new Set([own, ...[...kin].filter((t) => types.has(t)), ...types])) {
    const all = SECTION_DEFS.filter((d) => d.type === type);
    const passing = all.filter((d) => test(variant(d)));
    if (passing.length === 0) continue;
    const usual = all.find((d) => d.name === USUAL[type]) ?? all[0]!;
    if (passing.length === all.length && type !== own) out.push(sec(usual.name));
    else {
      out.push(...usualSections(passing).slice(0, 3));
    }
  }
  return out;
}
/** The sections by their usual spelling: others only where there is no such. */
export function usualSections(defs: readonly SectionDef[]): string[] {
  const spelt = defs.filter((d) => !ALIAS.test(d.name));
  return [...new Set((spelt.length > 0 ? spelt : defs).map((d) => sec(d.name)))];
}
/** "a, b or c", the rest left out after `most`. */
export function anyOf(names: readonly string[], most = 6): string {
  if (names.length > most) return `${names.slice(0, most).join(", ")} …`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)!}`;
}

/** How this program could sleep; null where its type never may. */
export function sleepableSection(env: Env): string | null {
  const { type, attachType } = env.prog;
  if (env.prog.sleepable) return null;
  const can = SECTION_DEFS.filter((d) => d.sleepable && d.type === type && d.attachType === attachType && maySleep(env, d));
  return can.length === 0 ? null : anyOf(usualSections(can).slice(0, 3));
}
/** Does this kernel have that section's programs sleep? (kernel can_be_sleepable) */
function maySleep(env: Env, d: SectionDef): boolean {
  const { f } = env;
  switch (d.type) {
    case "tracing": return d.attachType !== "trace_raw_tp" || f.sleepable_tracepoints;
    case "lsm": return true;
    case "kprobe": return f.sleepable_kprobes;
    case "struct_ops": return f.sleepable_struct_ops;
    case "tracepoint": case "raw_tracepoint": return f.sleepable_tracepoints;
    default: return false;
  }
}
