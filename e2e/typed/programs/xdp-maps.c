/* Counters in maps, and the redirect maps. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("xdp")
int count_right(struct xdp_md *ctx)
{
	__u32 key = XDP_PASS;
	__u64 *value = bpf_map_lookup_elem(&verdicts, &key);

	if (value)
		(*value)++;
	return XDP_PASS;
}

SEC("xdp")
int count_no_null_check(struct xdp_md *ctx)
{
	__u32 key = XDP_PASS;
	__u64 *value = bpf_map_lookup_elem(&verdicts, &key);

	(*value)++;
	return XDP_PASS;
}

SEC("xdp")
int redirect_port(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, ctx->ingress_ifindex & 7, XDP_PASS);
}

SEC("xdp")
int redirect_cpu(struct xdp_md *ctx)
{
	return bpf_redirect_map(&cpus, bpf_get_smp_processor_id() % 4, 0);
}

SEC("xdp")
int redirect_socket(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;

	if (bpf_map_lookup_elem(&sockets, &queue))
		return bpf_redirect_map(&sockets, queue, XDP_PASS);
	return XDP_PASS;
}

SEC("xdp")
int redirect_wrong_map(struct xdp_md *ctx)
{
	return bpf_redirect_map(&verdicts, 0, XDP_PASS);
}

SEC("xdp")
int redirect_flags(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
}

SEC("xdp")
int lookup_devmap(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u32 *value = bpf_map_lookup_elem(&ports, &key);

	return value && *value ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int update_cpumap(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct bpf_cpumap_val value = { .qsize = 64 };

	return bpf_map_update_elem(&cpus, &key, &value, BPF_ANY) ? XDP_DROP : XDP_PASS;
}

SEC("xdp/devmap")
int on_devmap(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int egress_in_plain(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp/cpumap")
int on_cpumap(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex ? XDP_PASS : XDP_DROP;
}
