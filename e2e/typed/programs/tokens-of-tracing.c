/* Signals, times, random numbers and identities in tracing programs. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp/syscalls/sys_enter_execve")
int identities(void *ctx)
{
	struct bpf_pidns_info ns = {};
	__u64 uid = bpf_get_current_uid_gid(), cg = bpf_get_current_cgroup_id();

	if (bpf_get_ns_current_pid_tgid(1, 2, &ns, sizeof(ns)))
		return 0;
	if (ns.pid == (__u32)uid && cg)
		bpf_send_signal(10);
	return 0;
}

SEC("tp/syscalls/sys_enter_execve")
int namespace_size(void *ctx)
{
	struct bpf_pidns_info ns = {};

	return bpf_get_ns_current_pid_tgid(1, 2, &ns, 4);
}

SEC("tp/syscalls/sys_enter_execve")
int writes_user(void *ctx)
{
	__u32 v = 1;

	return bpf_probe_write_user((void *)0x1000, &v, sizeof(v));
}

SEC("tp/syscalls/sys_enter_execve")
int times(void *ctx)
{
	return bpf_ktime_get_boot_ns() > bpf_ktime_get_coarse_ns() + bpf_jiffies64();
}

SEC("tp/syscalls/sys_enter_execve")
int cpu_time(void *ctx)
{
	return bpf_ktime_get_tai_ns() > 5 && bpf_get_numa_node_id() == 0;
}

SEC("tp/syscalls/sys_enter_execve")
int task_by_number(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return task->pid;
}

SEC("tp/syscalls/sys_enter_execve")
int task_by_btf(void *ctx)
{
	return bpf_get_current_task_btf()->pid;
}

SEC("tp/syscalls/sys_enter_execve")
int registers_of_task(void *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return PT_REGS_IP_CORE(regs) != 0;
}
