#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 bits[5];

SEC("tp_btf/sched_process_exit")
int bitfields(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	bits[0] = BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
	bits[1] = BPF_CORE_READ_BITFIELD(task, kind);
	bits[2] = BPF_CORE_READ_BITFIELD_PROBED(task, big);
	bits[3] = task->frozen + task->kind;
	bits[4] = task->halves[1];
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
