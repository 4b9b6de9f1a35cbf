/* Task, socket and inode storage: arguments, flags, wrong kinds. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_task SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(enter, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *t = bpf_task_storage_get(&per_task, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (t)
		*t = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(leave, struct pt_regs *regs, long ret)
{
	__u64 *t = bpf_task_storage_get(&per_task, bpf_get_current_task_btf(), 0, 0);

	return *t > 5;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(task_as_number, struct pt_regs *regs, long ret)
{
	__u64 *t = bpf_task_storage_get(&per_task, (void *)bpf_get_current_task(), 0, 0);

	return t && *t > 5;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(looked_up, struct pt_regs *regs, long ret)
{
	int key = 0;
	__u64 *t = bpf_map_lookup_elem(&per_task, &key);

	return t && *t > 5;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(wrong_owner, struct pt_regs *regs, long ret)
{
	__u64 *t = bpf_task_storage_get(&per_task, (void *)regs, 0, 0);

	return t && *t > 5;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(from_kprobe, int dfd)
{
	bpf_task_storage_delete(&per_task, bpf_get_current_task_btf());
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(initial_value, struct pt_regs *regs, long ret)
{
	__u64 first = ret;
	__u64 *t = bpf_task_storage_get(&per_task, bpf_get_current_task_btf(), &first, BPF_LOCAL_STORAGE_GET_F_CREATE);

	return t && *t > 5;
}
