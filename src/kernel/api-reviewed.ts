/** Successors that no comparison of names and prototypes shows. Each was looked up in the source it names. */
export const REVIEWED: Readonly<Record<string, { name: string; note: string }>> = {
  scx_bpf_cpu_rq: {
    name: "scx_bpf_locked_rq",
    note: "kernel 7.2 kernel/sched/ext/ext.c scx_bpf_cpu_rq warns so when called: scx_bpf_locked_rq while the rq lock is held, scx_bpf_cpu_curr to look at another CPU's current task",
  },
  cgroup_rstat_updated: { name: "css_rstat_updated", note: "kernel/cgroup/rstat.c, 6.12 and 7.2: takes the cgroup_subsys_state (cgrp->self) instead of the cgroup" },
  cgroup_rstat_flush: { name: "css_rstat_flush", note: "kernel/cgroup/rstat.c, 6.12 and 7.2: takes the cgroup_subsys_state (cgrp->self) instead of the cgroup" },
  bbr_cwnd_event: { name: "bbr_cwnd_event_tx_start", note: "net/ipv4/tcp_bbr.c, 6.12 and 7.2: called for that one event only, so the event is no argument" },
  cubictcp_cwnd_event: { name: "cubictcp_cwnd_event_tx_start", note: "net/ipv4/tcp_cubic.c, 6.12 and 7.2: called for that one event only, so the event is no argument" },
};
