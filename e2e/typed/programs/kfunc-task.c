/* Acquiring and releasing tasks; RCU; kptrs in maps. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct kept_task {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kept_task);
} slots SEC(".maps");

SEC("tp_btf/task_newtask")
int BPF_PROG(acquire_right, struct task_struct *task, __u64 flags)
{
	struct task_struct *t = bpf_task_acquire(task);

	if (!t)
		return 0;
	bpf_printk("%d", t->pid);
	bpf_task_release(t);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(acquire_leaked, struct task_struct *task, __u64 flags)
{
	bpf_task_acquire(task);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(release_unchecked, struct task_struct *task, __u64 flags)
{
	bpf_task_release(bpf_task_acquire(task));
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(release_argument, struct task_struct *task, __u64 flags)
{
	bpf_task_release(task);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(acquire_walked, struct task_struct *task, __u64 flags)
{
	struct task_struct *t = bpf_task_acquire(task->last_wakee);

	if (t)
		bpf_task_release(t);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(parent_under_rcu, struct task_struct *task, __u64 flags)
{
	int pid;

	bpf_rcu_read_lock();
	pid = task->real_parent->pid;
	bpf_rcu_read_unlock();
	return pid == 1;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(rcu_never_unlocked, struct task_struct *task, __u64 flags)
{
	bpf_rcu_read_lock();
	return task->real_parent->pid == 1;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(by_pid, struct task_struct *task, __u64 flags)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	return t->pid;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(keep_right, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct kept_task *slot = bpf_map_lookup_elem(&slots, &key);
	struct task_struct *t, *old;

	if (!slot)
		return 0;
	t = bpf_task_acquire(task);
	if (!t)
		return 0;
	old = bpf_kptr_xchg(&slot->task, t);
	if (old)
		bpf_task_release(old);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(keep_old_leaked, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct kept_task *slot = bpf_map_lookup_elem(&slots, &key);
	struct task_struct *t;

	if (!slot)
		return 0;
	t = bpf_task_acquire(task);
	if (t)
		bpf_kptr_xchg(&slot->task, t);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(keep_plain_store, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct kept_task *slot = bpf_map_lookup_elem(&slots, &key);

	if (slot)
		slot->task = task;
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(keep_unacquired, struct task_struct *task, __u64 flags)
{
	__u32 key = 0;
	struct kept_task *slot = bpf_map_lookup_elem(&slots, &key);
	struct task_struct *old;

	if (!slot)
		return 0;
	old = bpf_kptr_xchg(&slot->task, task);
	if (old)
		bpf_task_release(old);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(in_kprobe, int dfd)
{
	struct task_struct *t = bpf_task_from_pid(dfd);

	if (t)
		bpf_task_release(t);
	return 0;
}
