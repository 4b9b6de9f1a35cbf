#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern void scx_bpf_dispatch(struct task_struct *p, __u64 dsq_id, __u64 slice,
			     __u64 enq_flags) __ksym;

#define DSQ_GLOBAL (1ULL << 63 | 1)
#define SLICE_NS 20000000ULL

SEC("struct_ops/enqueue")
void BPF_PROG(enqueue, struct task_struct *p, __u64 enq_flags)
{
	scx_bpf_dispatch(p, DSQ_GLOBAL, SLICE_NS, enq_flags);
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo = {
	.enqueue = (void *)enqueue,
	.name = "fifo",
};

char LICENSE[] SEC("license") = "GPL";
