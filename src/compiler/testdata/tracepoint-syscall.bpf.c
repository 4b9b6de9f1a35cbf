#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct key {
	u32 pid;
	u32 nr;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct key);
	__type(value, u64);
} starts SEC(".maps"), sums SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_enter")
int enter(struct trace_event_raw_sys_enter *ctx)
{
	struct key key = { .pid = (u32)bpf_get_current_pid_tgid(), .nr = ctx->id };
	u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&starts, &key, &now, 0);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int leave(struct trace_event_raw_sys_enter *ctx)
{
	struct key key = { .pid = (u32)bpf_get_current_pid_tgid(), .nr = ctx->id };
	u64 *start = bpf_map_lookup_elem(&starts, &key), *sum, zero = 0;

	if (!start)
		return 0;
	sum = bpf_map_lookup_elem(&sums, &key);
	if (!sum) {
		bpf_map_update_elem(&sums, &key, &zero, 1);
		sum = bpf_map_lookup_elem(&sums, &key);
		if (!sum)
			return 0;
	}
	__sync_fetch_and_add(sum, bpf_ktime_get_ns() - *start);
	bpf_map_delete_elem(&starts, &key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
