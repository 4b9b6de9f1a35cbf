#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern struct rq *scx_bpf_cpu_rq(__s32 cpu) __ksym;

__u32 waiting;

SEC("struct_ops/tick")
void BPF_PROG(tick, struct task_struct *p)
{
	struct rq *rq = scx_bpf_cpu_rq(bpf_get_smp_processor_id());

	if (rq)
		waiting = rq->nr_running;
}

SEC(".struct_ops.link")
struct sched_ext_ops watcher = {
	.tick = (void *)tick,
	.name = "watcher",
};

char LICENSE[] SEC("license") = "GPL";
