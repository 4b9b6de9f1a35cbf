#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_enter")
int BPF_PROG(find_init, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_task_from_vpid(1);

	if (!task)
		return 0;
	bpf_printk("process 1 is %s", task->comm);
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
