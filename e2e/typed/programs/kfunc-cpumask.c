/* CPU masks: created, filled, tested, released. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_right, struct task_struct *task, __u64 flags)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	int cpu;

	if (!mask)
		return 0;
	bpf_cpumask_set_cpu(1, mask);
	cpu = bpf_cpumask_first((const struct cpumask *)mask);
	if (bpf_cpumask_test_cpu(0, task->cpus_ptr))
		bpf_printk("first %d", cpu);
	bpf_cpumask_release(mask);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_unchecked, struct task_struct *task, __u64 flags)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	bpf_cpumask_set_cpu(1, mask);
	if (mask)
		bpf_cpumask_release(mask);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_leaked, struct task_struct *task, __u64 flags)
{
	return bpf_cpumask_create() != NULL;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_of_kernel_changed, struct task_struct *task, __u64 flags)
{
	bpf_cpumask_set_cpu(1, (struct bpf_cpumask *)task->cpus_ptr);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_released_twice, struct task_struct *task, __u64 flags)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	if (!mask)
		return 0;
	bpf_cpumask_release(mask);
	bpf_cpumask_release(mask);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(mask_written, struct task_struct *task, __u64 flags)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();

	if (!mask)
		return 0;
	mask->cpumask.bits[0] = 1;
	bpf_cpumask_release(mask);
	return 0;
}
