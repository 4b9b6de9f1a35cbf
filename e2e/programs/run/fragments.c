/* Packets in fragments: XDP programs that take them, skbs with a chosen linear part. */
#include "packets.h"

s64 out[40];

SEC("xdp.frags")
int xdp_frags(struct xdp_md *ctx)
{
	u8 buffer[16] = {};
	out[0] = ctx->data_end - ctx->data;
	out[1] = bpf_xdp_get_buff_len(ctx);
	out[2] = bpf_xdp_load_bytes(ctx, 3500, buffer, 16);
	out[3] = *(u64 *)buffer;
	out[4] = *(u64 *)(buffer + 8);
	*(u64 *)buffer = 0x1122334455667788;
	out[5] = bpf_xdp_store_bytes(ctx, 3510, buffer, 16);
	out[6] = bpf_xdp_load_bytes(ctx, bpf_xdp_get_buff_len(ctx) - 8, buffer, 16);
	out[7] = bpf_xdp_load_bytes(ctx, 4000, buffer, 16);
	out[8] = *(u64 *)buffer;
	return XDP_PASS;
}

SEC("xdp.frags")
int xdp_frags_tail(struct xdp_md *ctx)
{
	out[10] = bpf_xdp_adjust_tail(ctx, 100);
	out[11] = bpf_xdp_get_buff_len(ctx);
	out[12] = bpf_xdp_adjust_tail(ctx, -300);
	out[13] = bpf_xdp_get_buff_len(ctx);
	out[14] = bpf_xdp_adjust_tail(ctx, -4000);
	out[15] = bpf_xdp_get_buff_len(ctx);
	out[16] = ctx->data_end - ctx->data;
	out[17] = bpf_xdp_adjust_head(ctx, 20);
	out[18] = bpf_xdp_get_buff_len(ctx);
	return XDP_TX;
}

SEC("tc")
int skb_frags(struct __sk_buff *skb)
{
	u8 buffer[8] = {};
	out[20] = skb->len;
	out[21] = skb->data_end - skb->data;
	out[22] = bpf_skb_load_bytes(skb, 30, buffer, 8);
	out[23] = *(u64 *)buffer;
	out[24] = bpf_skb_load_bytes_relative(skb, 16, buffer, 4, BPF_HDR_START_NET);
	out[25] = bpf_skb_pull_data(skb, 40);
	out[26] = skb->data_end - skb->data;
	out[27] = bpf_skb_pull_data(skb, 100000);
	out[28] = bpf_skb_store_bytes(skb, 45, buffer, 8, 0);
	out[29] = skb->data_end - skb->data;
	out[30] = bpf_skb_pull_data(skb, 0);
	out[31] = bpf_skb_change_tail(skb, 60, 0);
	out[32] = skb->len;
	out[33] = skb->data_end - skb->data;
	return TC_ACT_OK;
}
