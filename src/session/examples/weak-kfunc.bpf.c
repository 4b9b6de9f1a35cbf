// One object for old and new kernels: a weak kfunc and bpf_ksym_exists()
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern struct task_struct *bpf_task_from_pid(__s32 pid) __weak __ksym;
extern void bpf_task_release(struct task_struct *p) __weak __ksym;

SEC("tp_btf/sys_enter")
int BPF_PROG(find_init, struct pt_regs *regs, long id)
{
	struct task_struct *task;

	/* Where the kfunc is missing, the address is 0, the branch is dead
	 * code, and the call in it is never looked at. */
	if (!bpf_ksym_exists(bpf_task_from_pid)) {
		bpf_printk("this kernel has no bpf_task_from_pid");
		return 0;
	}

	task = bpf_task_from_pid(1);
	if (!task)
		return 0;
	bpf_printk("process 1 is %s", task->comm);
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
