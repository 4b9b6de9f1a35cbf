/* A field that may go: read as it is, and behind a CO-RE probe. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct {
	int pid;
	int prio;
} __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_switch")
int reads(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, prio);
}

SEC("raw_tp/sched_switch")
int probes(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!bpf_core_field_exists(task->prio))
		return 100;
	return BPF_CORE_READ(task, prio);
}

SEC("raw_tp/sched_switch")
int asks_type(void *ctx)
{
	return bpf_core_type_exists(struct task_struct) ? 1 : 100;
}
