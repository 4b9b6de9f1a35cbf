/* bpf_xdp_adjust_head, _tail and _meta; pointers have to be read again afterwards. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int push_right(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_ABORTED;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) > end)
		return XDP_ABORTED;
	__builtin_memmove(data, data + sizeof(struct iphdr), sizeof(struct ethhdr));
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	return XDP_TX;
}

SEC("xdp")
int push_stale(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 14 > end)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -4))
		return XDP_ABORTED;
	return ((struct ethhdr *)data)->h_proto ? XDP_TX : XDP_DROP;
}

SEC("xdp")
int stale_end(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;

	bpf_xdp_adjust_tail(ctx, -4);
	void *data = (void *)(long)ctx->data;
	if (data + 14 > end)
		return XDP_PASS;
	return ((struct ethhdr *)data)->h_proto ? XDP_TX : XDP_DROP;
}

SEC("xdp")
int meta_right(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(__u32)))
		return XDP_PASS;
	__u32 *meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return XDP_PASS;
	*meta = ctx->rx_queue_index;
	return XDP_PASS;
}

SEC("xdp")
int meta_against_end(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(__u32)))
		return XDP_PASS;
	__u32 *meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	*meta = ctx->rx_queue_index;
	return XDP_PASS;
}

SEC("xdp")
int grow_tail(struct xdp_md *ctx)
{
	bpf_xdp_adjust_tail(ctx, 8);
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	if (end - 8 < data)
		return XDP_DROP;
	end[-1] = 1;
	return XDP_PASS;
}
