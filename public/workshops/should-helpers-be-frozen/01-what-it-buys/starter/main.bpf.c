#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_enter")
int BPF_PROG(who, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_task_from_pid((__u32)bpf_get_current_pid_tgid());

	if (!task)
		return 0;
	bpf_printk("called by %s", task->comm);
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
