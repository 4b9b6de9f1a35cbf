/** What a program may not do whose loader has no capabilities (sysctl kernel.unprivileged_bpf_disabled = 0). */
import type { BoundProgram } from "../../loader/types.ts";

/** Program types anybody may load (kernel/bpf/syscall.c bpf_prog_load). */
const FOR_ALL: ReadonlySet<string> = new Set(["socket_filter", "cgroup_skb"]);
/** kernel BPF_MAXINSNS, the limit without CAP_BPF */
const MAX_INSNS = 4096;

/** errno with which BPF_PROG_LOAD refuses before the verifier sees the program; undefined when it does not. */
export function refusedBeforeVerifier(program: BoundProgram): string | undefined {
  if (program.insns.length === 0 || program.insns.length > MAX_INSNS) return "E2BIG";
  return FOR_ALL.has(program.type) ? undefined : "EPERM";
}

/**
 * Helpers that bpf_base_func_proto and bpf_sk_base_func_proto give only to loaders with CAP_BPF or CAP_PERFMON, over
 * releases 5.10 to 7.3 (kernel/bpf/helpers.c, net/core/filter.c). The rest is for everybody; a release that lacks one says so itself.
 */
const PRIVILEGED: ReadonlySet<string> = new Set([
  "spin_lock", "spin_unlock", "jiffies64", "per_cpu_ptr", "this_cpu_ptr", "timer_init", "timer_set_callback", "timer_start", "timer_cancel", "kptr_xchg",
  "for_each_map_elem", "loop", "user_ringbuf_drain", "ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr", "dynptr_from_mem",
  "dynptr_read", "dynptr_write", "dynptr_data", "cgrp_storage_get", "cgrp_storage_delete", "get_current_cgroup_id", "get_current_ancestor_cgroup_id",
  "current_task_under_cgroup", "get_cgroup_classid", "task_storage_get", "task_storage_delete",
  "trace_printk", "get_current_task", "get_current_task_btf", "get_current_comm", "probe_read_user", "probe_read_kernel", "probe_read_user_str",
  "probe_read_kernel_str", "copy_from_user", "copy_from_user_task", "snprintf_btf", "snprintf", "task_pt_regs", "trace_vprintk", "perf_event_read_value",
  "perf_event_read", "send_signal", "send_signal_thread", "get_task_stack", "get_branch_snapshot", "find_vma",
  "skc_to_tcp6_sock", "skc_to_tcp_sock", "skc_to_tcp_timewait_sock", "skc_to_tcp_request_sock", "skc_to_udp6_sock", "skc_to_unix_sock", "skc_to_mptcp_sock", "sock_from_file",
].map((name) => `bpf_${name}`));

/**
 * Whether a context access is only for loaders with CAP_BPF: packet pointers and the time stamp of cgroup_skb programs
 * (net/core/filter.c cg_skb_is_valid_access). `off` in bytes of struct __sk_buff.
 */
export function privilegedCtxAccess(type: string, off: number, write: boolean): boolean {
  if (type !== "cgroup_skb") return false;
  return (off >= DATA && off < DATA + 8) || (write && off >= TSTAMP && off < TSTAMP + 8);
}
/** offsets in struct __sk_buff (uapi linux/bpf.h): data and data_end; tstamp */
const DATA = 76;
const TSTAMP = 152;

/** Whether a helper is only for loaders with capabilities. `name` as "bpf_loop". */
export function needsCapability(name: string): boolean {
  return PRIVILEGED.has(name);
}
