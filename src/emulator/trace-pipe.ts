/** Types that run with bottom halves off in BPF_PROG_TEST_RUN. */
const NETWORK = new Set(["xdp", "sched_cls", "sched_act", "socket_filter", "cgroup_skb", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local", "sk_skb"]);

/**
 * One line as /sys/kernel/tracing/trace_pipe prints it (kernel trace_output.c trace_print_context): command and pid, CPU, flags, seconds
 * since boot, event and text. `ns` is the clock's value.
 */
export function formatTraceLine(task: { comm: string; pid: number }, cpu: number, ns: bigint, progType: string, text: string): string {
  const who = `${task.comm.slice(0, 15).padStart(16)}-${String(task.pid).padEnd(7)}`;
  const flags = NETWORK.has(progType) ? "b..11" : "...11";
  const micros = ns / 1000n;
  const seconds = String(micros / 1_000_000n).padStart(5);
  const fraction = String(micros % 1_000_000n).padStart(6, "0");
  return `${who} [${String(cpu).padStart(3, "0")}] ${flags} ${seconds}.${fraction}: bpf_trace_printk: ${text}`;
}
