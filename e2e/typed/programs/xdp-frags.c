/* Packets in several buffers: xdp.frags, bpf_xdp_load_bytes and its lengths. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp.frags")
int frags_right(struct xdp_md *ctx)
{
	__u8 buf[20];
	__u64 len = bpf_xdp_get_buff_len(ctx);

	if (len < 34 || bpf_xdp_load_bytes(ctx, 14, buf, sizeof(buf)))
		return XDP_PASS;
	return buf[8] < 2 ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int frags_length_unbounded(struct xdp_md *ctx)
{
	__u8 buf[64];

	if (bpf_xdp_load_bytes(ctx, 0, buf, bpf_xdp_get_buff_len(ctx)))
		return XDP_PASS;
	return buf[0] ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int frags_length_bounded(struct xdp_md *ctx)
{
	__u8 buf[64] = {};
	__u64 len = bpf_xdp_get_buff_len(ctx);

	if (len > sizeof(buf))
		len = sizeof(buf);
	if (len == 0 || bpf_xdp_load_bytes(ctx, 0, buf, len))
		return XDP_PASS;
	return buf[0] ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int frags_length_signed(struct xdp_md *ctx)
{
	__u8 buf[64] = {};
	int len = bpf_xdp_get_buff_len(ctx);

	if (len > (int)sizeof(buf))
		return XDP_PASS;
	if (bpf_xdp_load_bytes(ctx, 0, buf, len))
		return XDP_PASS;
	return buf[0] ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int frags_store(struct xdp_md *ctx)
{
	__u16 port = bpf_htons(8080);

	return bpf_xdp_store_bytes(ctx, 36, &port, sizeof(port)) ? XDP_DROP : XDP_TX;
}
