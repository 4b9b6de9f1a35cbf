// ANSWER number: 1
// ANSWER first: 6.12
// ANSWER last: 6.16
// ANSWER successor: scx_bpf_dsq_insert
// ANSWER frozen: helper
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("struct_ops/enqueue")
void BPF_PROG(enqueue, struct task_struct *p, __u64 enq_flags)
{
	scx_bpf_dispatch(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo = {
	.enqueue = (void *)enqueue,
	.name = "fifo",
};

char LICENSE[] SEC("license") = "GPL";
