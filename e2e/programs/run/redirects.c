/* Redirecting: return values, and what the maps of targets answer. */
#include "run.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} processors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u32);
} sockets SEC(".maps");

SEC("xdp")
int to_interface(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	return bpf_redirect(a & 0xff, b & 1);
}

SEC("xdp")
int to_device(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	return bpf_redirect_map(&devices, a & 7, b & 3);
}

SEC("xdp")
int to_processor(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	return bpf_redirect_map(&processors, a & 7, b & 3);
}

SEC("xdp")
int to_socket(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	return bpf_redirect_map(&sockets, a & 7, b & 3);
}

SEC("tc")
int tc_redirect(struct __sk_buff *skb)
{
	return bpf_redirect(skb->mark & 0xff, skb->mark >> 8);
}
