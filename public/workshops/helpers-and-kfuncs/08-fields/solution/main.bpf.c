#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* What the field was called before 5.14. */
struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter")
int show_state(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	long state;

	if (bpf_core_field_exists(task->__state))
		state = BPF_CORE_READ(task, __state);
	else
		state = BPF_CORE_READ((struct task_struct___old *)task, state);
	bpf_printk("the state is %ld", state);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
