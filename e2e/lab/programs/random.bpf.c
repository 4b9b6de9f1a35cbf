/* A helper and a kfunc whose meaning may change behind their names. */
#include "task.h"

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;

SEC("xdp")
int coin(struct xdp_md *ctx)
{
	return bpf_get_smp_processor_id() == 0 ? XDP_PASS : XDP_DROP;
}

SEC("syscall")
int looks(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (!task)
		return 0;
	bpf_task_release(task);
	return 1;
}
