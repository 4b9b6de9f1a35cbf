#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

int out;

SEC("raw_tp/sched_switch")
int fields(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___old *old = (void *)task;
	int state;

	if (bpf_core_field_exists(task->__state))
		state = BPF_CORE_READ(task, __state);
	else
		state = BPF_CORE_READ(old, state);
	out = state + bpf_core_field_size(task->comm) + bpf_core_field_offset(struct task_struct, mm);
	out += bpf_core_type_exists(struct mm_struct) + bpf_core_type_size(struct cred) + bpf_core_type_matches(struct kuid);
	out += bpf_core_enum_value_exists(enum task_state_kind, TASK_KIND_DEAD) ? bpf_core_enum_value(enum task_state_kind, TASK_KIND_DEAD) : 0;
	out += bpf_core_enum_value(enum big_kind, BIG_KIND_B) >> 33;
	out += bpf_core_type_id_local(struct list_head) + bpf_core_type_id_kernel(struct list_head);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
