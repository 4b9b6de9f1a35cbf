#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

u64 total, deepest;

static __always_inline int depth(struct task_struct *task)
{
	int n = 0;

	for (; n < 8 && task->real_parent && task->real_parent != task; n++)
		task = task->real_parent;
	return n;
}

SEC("fentry/wake_up_new_task")
int BPF_PROG(on_new, struct task_struct *task)
{
	int n = depth(task);

	__sync_fetch_and_add(&total, 1);
	if (n > deepest)
		deepest = n;
	return 0;
}

SEC("fexit/wake_up_new_task")
int BPF_PROG(after_new, struct task_struct *task, long ret)
{
	bpf_printk("%d -> %ld", task->pid, ret);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
