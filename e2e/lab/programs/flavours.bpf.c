/* One object for two prototypes of a kfunc: libbpf drops what follows ___ when it looks for the name. */
#include "task.h"

extern struct task_struct *bpf_task_from_pid___old(int pid) __ksym __weak;
extern struct task_struct *bpf_task_from_pid___flags(int pid, __u64 flags) __ksym __weak;

struct bpf_task_lookup_opts {
	__u64 flags;
} __attribute__((preserve_access_index));

static int finish(struct task_struct *task, int found)
{
	if (!task)
		return 0;
	bpf_task_release(task);
	return found;
}

/* Asks the loader whether the function is there as declared. */
SEC("syscall")
int by_ksym(void *ctx)
{
	if (bpf_ksym_exists(bpf_task_from_pid___flags))
		return finish(bpf_task_from_pid___flags(1, 0), 2);
	if (bpf_ksym_exists(bpf_task_from_pid___old))
		return finish(bpf_task_from_pid___old(1), 1);
	return NOT_THERE;
}

/* Asks CO-RE about a type that came with the new prototype. */
SEC("syscall")
int by_type(void *ctx)
{
	if (bpf_core_type_exists(struct bpf_task_lookup_opts))
		return finish(bpf_task_from_pid___flags(1, 0), 2);
	return finish(bpf_task_from_pid___old(1), 1);
}
