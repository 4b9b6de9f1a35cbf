// A kfunc on its way out: what a deprecation window would look like
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

/* The custom kernel beside the list says: deprecated, removed in 7.6. It is
 * 7.5 now, so there is a warning. Set "simulatedRelease" to "7.6". */
SEC("tp_btf/sys_enter")
int BPF_PROG(find_init, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (!task)
		return 0;
	bpf_printk("process 1 is %s", task->comm);
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
