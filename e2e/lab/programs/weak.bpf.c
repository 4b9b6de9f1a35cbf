/* A weak reference, called as it is and behind a probe. */
#include "task.h"

extern struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;

static int look(void)
{
	struct task_struct *task = bpf_task_from_pid(1);
	int pid;

	if (!task)
		return 0;
	pid = task->pid;
	bpf_task_release(task);
	return pid;
}

SEC("syscall")
int unchecked(void *ctx)
{
	return look();
}

SEC("syscall")
int checked(void *ctx)
{
	if (!bpf_ksym_exists(bpf_task_from_pid))
		return NOT_THERE;
	return look();
}
