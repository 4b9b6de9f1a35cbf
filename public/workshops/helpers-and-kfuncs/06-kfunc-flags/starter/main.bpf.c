#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_enter")
int BPF_PROG(find_init, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_task_from_pid(1);

	bpf_printk("process 1 is %s", task->comm);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
