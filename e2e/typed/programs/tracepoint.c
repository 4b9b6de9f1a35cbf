/* Tracepoints, raw and typed: contexts, sections, arguments. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	char name[24];

	bpf_probe_read_user_str(name, sizeof(name), (void *)ctx->args[1]);
	return name[0] == '/';
}

SEC("tp/sched/sched_process_exec")
int on_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 now = bpf_ktime_get_ns();
	unsigned int off = ctx->__data_loc_filename & 0xffff;
	char name[32];

	bpf_map_update_elem(&started, &pid, &now, BPF_ANY);
	bpf_core_read_str(name, sizeof(name), (void *)ctx + off);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int on_exit(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 *then = bpf_map_lookup_elem(&started, &pid);

	if (then)
		bpf_printk("%d ran %llu ns", pid, bpf_ktime_get_ns() - *then);
	bpf_map_delete_elem(&started, &pid);
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int write_args(struct trace_event_raw_sys_enter *ctx)
{
	ctx->args[0] = 0;
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int far_behind(void *ctx)
{
	return *(volatile __u64 *)(ctx + 9000);
}

SEC("tp/syscalls/sys_enter_openat")
int dereference_argument(struct trace_event_raw_sys_enter *ctx)
{
	return *(volatile char *)ctx->args[1];
}

SEC("raw_tp/sched_switch")
int raw_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (void *)ctx->args[2];

	return BPF_CORE_READ(next, pid) == 1;
}

SEC("raw_tp/sched_switch")
int raw_direct(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (void *)ctx->args[2];

	return next->pid == 1;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return prev->pid == 1 || next->tgid == preempt;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_fifth, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state, int more)
{
	return more;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_write, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	next->pid = 3;
	return 0;
}

SEC("tp_btf/no_such_tracepoint")
int BPF_PROG(typed_missing)
{
	return 0;
}

SEC("raw_tracepoint.w/sched_switch")
int writable(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}
