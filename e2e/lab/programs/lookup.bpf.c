/* Calls bpf_task_from_pid by the name that a custom kernel gives it. */
#include "task.h"

extern struct task_struct *bpf_task_lookup(int pid) __ksym;

SEC("syscall")
int looks_up(void *ctx)
{
	struct task_struct *task = bpf_task_lookup(1);
	int pid;

	if (!task)
		return 0;
	pid = task->pid;
	bpf_task_release(task);
	return pid;
}

SEC("syscall")
int keeps(void *ctx)
{
	return bpf_task_lookup(1) ? 1 : 0;
}
