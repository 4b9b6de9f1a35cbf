/* Cgroups by kfunc, and cgroup storage. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_group SEC(".maps");

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup *cgrp, const char *path)
{
	__u64 *n = bpf_cgrp_storage_get(&per_group, cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (n)
		*n = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(ancestor_right, struct cgroup *cgrp, const char *path)
{
	struct cgroup *up = bpf_cgroup_ancestor(cgrp, 1);

	if (!up)
		return 0;
	bpf_printk("below %d", up->level);
	bpf_cgroup_release(up);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(ancestor_leaked, struct cgroup *cgrp, const char *path)
{
	struct cgroup *up = bpf_cgroup_ancestor(cgrp, 1);

	return up ? up->level : 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(ancestor_twice, struct cgroup *cgrp, const char *path)
{
	struct cgroup *up = bpf_cgroup_acquire(cgrp);

	if (!up)
		return 0;
	bpf_cgroup_release(up);
	bpf_cgroup_release(up);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(of_current, struct pt_regs *regs, long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *n;

	bpf_rcu_read_lock();
	n = bpf_cgrp_storage_get(&per_group, task->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (n)
		__sync_fetch_and_add(n, 1);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(read_path, struct pt_regs *regs, long id)
{
	const char *path = regs->di ? (void *)regs->di : 0;

	return path && *(volatile char *)path;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(path_as_string, struct cgroup *cgrp, const char *path)
{
	return *(volatile char *)path == '/';
}
