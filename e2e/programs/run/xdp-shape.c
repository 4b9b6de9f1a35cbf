/* Changing an XDP packet: head, tail, metadata, bytes. */
#include "packets.h"

s64 out[24];

SEC("xdp")
int swap_addresses(struct xdp_md *ctx)
{
	struct headers *h = (void *)(long)ctx->data;
	if ((void *)(h + 1) > (void *)(long)ctx->data_end || h->eth.h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	u8 mac[ETH_ALEN];
	__builtin_memcpy(mac, h->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(h->eth.h_dest, h->eth.h_source, ETH_ALEN);
	__builtin_memcpy(h->eth.h_source, mac, ETH_ALEN);
	__be32 address = h->ip.daddr;
	h->ip.daddr = h->ip.saddr;
	h->ip.saddr = address;
	if (h->ip.ttl <= 1)
		return XDP_DROP;
	u32 check = h->ip.check + bpf_htons(0x0100);
	h->ip.check = check + (check >= 0xffff);
	h->ip.ttl--;
	return XDP_TX;
}

SEC("xdp")
int push_tag(struct xdp_md *ctx)
{
	out[0] = bpf_xdp_adjust_head(ctx, -4);
	u8 *p = (void *)(long)ctx->data;
	if (p + 18 > (u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memmove(p, p + 4, 12);
	p[12] = 0x81;
	p[13] = 0;
	p[14] = 0;
	p[15] = 42;
	return XDP_PASS;
}

SEC("xdp")
int cut(struct xdp_md *ctx)
{
	out[1] = bpf_xdp_adjust_tail(ctx, -6);
	out[2] = bpf_xdp_adjust_tail(ctx, -4000);
	out[3] = bpf_xdp_adjust_head(ctx, 14);
	out[4] = bpf_xdp_adjust_head(ctx, 4000);
	out[5] = ctx->data_end - ctx->data;
	return XDP_TX;
}

SEC("xdp")
int grow(struct xdp_md *ctx)
{
	out[6] = bpf_xdp_adjust_tail(ctx, 20);
	out[7] = bpf_xdp_adjust_head(ctx, -100);
	out[8] = bpf_xdp_adjust_head(ctx, -1000);
	out[9] = ctx->data_end - ctx->data;
	u8 *p = (void *)(long)ctx->data;
	if (p + 100 > (u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	for (int i = 0; i < 100; i++)
		p[i] = i;
	return XDP_PASS;
}

SEC("xdp")
int metadata(struct xdp_md *ctx)
{
	out[10] = bpf_xdp_adjust_meta(ctx, -8);
	out[11] = bpf_xdp_adjust_meta(ctx, -3);
	u32 *meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 2) > (void *)(long)ctx->data)
		return XDP_DROP;
	meta[0] = 1;
	meta[1] = 2;
	out[12] = ctx->data - ctx->data_meta;
	out[13] = bpf_xdp_adjust_meta(ctx, 8);
	out[14] = ctx->data - ctx->data_meta;
	out[15] = bpf_xdp_adjust_meta(ctx, 8);
	return XDP_PASS;
}

SEC("xdp")
int bytes(struct xdp_md *ctx)
{
	u8 buffer[8] = {};
	out[16] = bpf_xdp_load_bytes(ctx, 6, buffer, 8);
	out[17] = *(u64 *)buffer;
	buffer[0] = 0xee;
	out[18] = bpf_xdp_store_bytes(ctx, 0, buffer, 3);
	out[19] = bpf_xdp_load_bytes(ctx, 5000, buffer, 8);
	out[20] = bpf_xdp_get_buff_len(ctx);
	return XDP_PASS;
}

SEC("xdp")
int context_fields(struct xdp_md *ctx)
{
	out[21] = ctx->ingress_ifindex;
	out[22] = ctx->rx_queue_index;
	return ctx->ingress_ifindex ? XDP_PASS : XDP_DROP;
}
