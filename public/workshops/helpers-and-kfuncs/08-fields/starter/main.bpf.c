#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

SEC("raw_tp/sys_enter")
int show_state(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	long state;

	state = BPF_CORE_READ(task, __state);
	bpf_printk("the state is %ld", state);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
