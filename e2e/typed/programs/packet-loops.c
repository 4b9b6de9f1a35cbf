/* Checksums, options and copies over packets: the ways they pass and fail. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int checksum(struct xdp_md *ctx)
{
	__u16 *p = (void *)(long)ctx->data + 14, *end = (void *)(long)ctx->data_end;
	__u32 sum = 0;

	if (p + 10 > end)
		return XDP_PASS;
	for (int i = 0; i < 10; i++)
		sum += p[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum == 0 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int checksum_by_helper(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_PASS;
	return bpf_csum_diff(NULL, 0, data + 14, 20, 0) & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int checksum_length_odd(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_PASS;
	return bpf_csum_diff(NULL, 0, data + 14, 24, 0) & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int offset_from_packet(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 15 > end)
		return XDP_PASS;
	__u8 *p = data + data[14];
	if (p + 4 > end)
		return XDP_PASS;
	return *(volatile __u32 *)p ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int offset_signed(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 15 > end)
		return XDP_PASS;
	__u8 *p = data + (__s8)data[14];
	if (p + 4 > end)
		return XDP_PASS;
	return *(volatile __u32 *)p ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int end_minus(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (end - data < 20)
		return XDP_PASS;
	return data[19] ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int length_variable(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 need = (ctx->rx_queue_index & 7) + 1;

	if (data + need > end)
		return XDP_PASS;
	return data[need - 1] ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int copies_to_stack(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, buf[32];

	if (data + sizeof(buf) > end)
		return XDP_PASS;
	__builtin_memcpy(buf, data, sizeof(buf));
	return bpf_xdp_store_bytes(ctx, 32, buf, sizeof(buf)) ? XDP_DROP : XDP_PASS;
}
