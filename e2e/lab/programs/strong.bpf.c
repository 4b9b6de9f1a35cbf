/* A strong reference: libbpf refuses the object where the kernel does not have the kfunc as declared. */
#include "task.h"

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;

SEC("syscall")
int strong(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);
	int pid;

	if (!task)
		return 0;
	pid = task->pid;
	bpf_task_release(task);
	return pid;
}
