/* A scheduler in BPF (sched_ext); 6.12 of this distribution has it not. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/simple_select_cpu")
s32 BPF_PROG(simple_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);

	if (idle)
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0);
	return cpu;
}

SEC("struct_ops/simple_enqueue")
void BPF_PROG(simple_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

SEC("struct_ops/simple_running")
void BPF_PROG(simple_running, struct task_struct *p)
{
	p->scx.dsq_vtime = 1;
}

SEC("struct_ops/simple_stopping")
void BPF_PROG(simple_stopping, struct task_struct *p, bool runnable)
{
	p->prio = 1;
}

SEC("struct_ops.s/simple_init")
s32 BPF_PROG(simple_init)
{
	return scx_bpf_create_dsq(0, -1);
}

SEC("struct_ops/simple_exit")
void BPF_PROG(simple_exit, struct scx_exit_info *info)
{
	bpf_printk("exit %d", info->kind);
}

SEC(".struct_ops.link")
struct sched_ext_ops simple = {
	.select_cpu = (void *)simple_select_cpu,
	.enqueue = (void *)simple_enqueue,
	.running = (void *)simple_running,
	.stopping = (void *)simple_stopping,
	.init = (void *)simple_init,
	.exit = (void *)simple_exit,
	.name = "simple",
};
