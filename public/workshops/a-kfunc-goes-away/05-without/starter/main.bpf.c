#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define GENERATIONS 32

SEC("raw_tp/sys_enter")
int find_init(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char comm[16] = {};

	/* Your code: walk up to process 1. */

	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	bpf_printk("process %d is %s", BPF_CORE_READ(task, tgid), comm);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
