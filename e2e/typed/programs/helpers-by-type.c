/* Helpers called from programs of a type that has them not. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} one SEC(".maps");

SEC("xdp")
int current_task_in_xdp(struct xdp_md *ctx)
{
	return bpf_get_current_pid_tgid() ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int probe_read_in_xdp(struct xdp_md *ctx)
{
	__u64 v;

	return bpf_probe_read_kernel(&v, 8, ctx) ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int adjust_head_in_tc(struct __sk_buff *skb)
{
	return bpf_xdp_adjust_head((void *)skb, 4);
}

SEC("kprobe/do_unlinkat")
int redirect_in_kprobe(struct pt_regs *ctx)
{
	return bpf_redirect(1, 0);
}

SEC("socket")
int time_in_socket(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() & 0xff;
}

SEC("tc")
int unknown_helper(struct __sk_buff *skb)
{
	int (*helper)(void *) = (void *)999;

	return helper(skb);
}

SEC("tc")
int signal_in_tc(struct __sk_buff *skb)
{
	return bpf_send_signal(9);
}

SEC("raw_tp/sys_enter")
int override_in_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	return bpf_override_return((void *)ctx, -1);
}

SEC("xdp")
int null_as_map(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem((void *)0, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int number_as_key(struct xdp_md *ctx)
{
	return bpf_map_lookup_elem(&one, (void *)5) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int context_as_key(struct xdp_md *ctx)
{
	return bpf_map_lookup_elem(&one, ctx) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int packet_as_key(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + 4 > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return bpf_map_lookup_elem(&one, data) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int packet_as_key_short(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	if (data + 3 > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	return bpf_map_lookup_elem(&one, data) ? XDP_PASS : XDP_DROP;
}
