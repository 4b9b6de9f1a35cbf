/* CO-RE: fields that are not there, existence, enum values, flavours, sizes. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct___old {
	long state;
} __attribute__((preserve_access_index));

struct task_struct___wrong {
	int no_such_field_at_all;
} __attribute__((preserve_access_index));

struct no_such_struct {
	int x;
} __attribute__((preserve_access_index));

enum bpf_map_type___new {
	BPF_MAP_TYPE_NOT_YET___new = 900,
};

SEC("raw_tp/sched_switch")
int flavours(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) != 0;
	return BPF_CORE_READ((struct task_struct___old *)task, state) != 0;
}

SEC("raw_tp/sched_switch")
int missing_field(void *ctx)
{
	struct task_struct___wrong *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, no_such_field_at_all);
}

SEC("raw_tp/sched_switch")
int missing_field_guarded(void *ctx)
{
	struct task_struct___wrong *task = (void *)bpf_get_current_task();

	if (!bpf_core_field_exists(task->no_such_field_at_all))
		return 0;
	return BPF_CORE_READ(task, no_such_field_at_all);
}

SEC("raw_tp/sched_switch")
int missing_struct(void *ctx)
{
	struct no_such_struct *p = (void *)bpf_get_current_task();

	return bpf_core_type_exists(struct no_such_struct) ? 1 : BPF_CORE_READ(p, x);
}

SEC("raw_tp/sched_switch")
int enum_values(void *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_map_type, BPF_MAP_TYPE_ARENA))
		return bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_ARENA);
	return 0;
}

SEC("raw_tp/sched_switch")
int enum_value_missing(void *ctx)
{
	return bpf_core_enum_value(enum bpf_map_type___new, BPF_MAP_TYPE_NOT_YET___new);
}

SEC("raw_tp/sched_switch")
int sizes(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char comm[16];

	if (bpf_core_field_size(task->comm) != sizeof(comm))
		return 1;
	bpf_core_read_str(comm, sizeof(comm), &task->comm);
	return bpf_core_type_size(struct task_struct) > 1000 && comm[0];
}

SEC("raw_tp/sched_switch")
int bitfield(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(bitfield_direct, bool preempt, struct task_struct *prev)
{
	return BPF_CORE_READ_BITFIELD(prev, in_execve);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(field_of_newer_kernel, bool preempt, struct task_struct *prev)
{
	return prev->mm_cid.cid;
}
