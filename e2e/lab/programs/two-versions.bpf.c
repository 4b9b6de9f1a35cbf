/* Two versions of one kfunc in one object. */
#include "task.h"
#include <bpf_lab.h>

extern struct task_struct *BPF_SYMVER(bpf_task_from_pid, LAB_1)(int pid) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;

SEC("syscall")
int first(void *ctx)
{
	struct task_struct *task = BPF_SYMVER(bpf_task_from_pid, LAB_1)(1);

	if (!task)
		return 50;
	bpf_task_release(task);
	return 1;
}

SEC("syscall")
int latest(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (!task)
		return 50;
	bpf_task_release(task);
	return 1;
}
