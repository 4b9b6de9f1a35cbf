/* Loops with and without a bound that the verifier can see. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u32 table[64];
volatile __u32 flag;

SEC("xdp")
int counted(struct xdp_md *ctx)
{
	__u32 sum = 0;

	for (int i = 0; i < 64; i++)
		sum += table[i];
	return sum & 3;
}

SEC("xdp")
int counted_by_input(struct xdp_md *ctx)
{
	__u32 n = ctx->rx_queue_index, sum = 0;

	for (__u32 i = 0; i < n && i < 64; i++)
		sum += table[i];
	return sum & 3;
}

SEC("xdp")
int endless(struct xdp_md *ctx)
{
	while (!flag)
		;
	return XDP_PASS;
}

SEC("xdp")
int walks_packet(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 sum = 0;

	for (int i = 0; i < 128; i++) {
		if (p + 1 > end)
			break;
		sum += *p++;
	}
	return sum & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int walks_packet_for_ever(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 sum = 0;

	while (p + 1 <= end)
		sum += *p++;
	return sum & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int walks_options(struct xdp_md *ctx)
{
	__u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	for (int i = 0; i < 10; i++) {
		if (p + 2 > end || p[0] == 0)
			return XDP_PASS;
		if (p[0] == 8)
			return XDP_DROP;
		p += p[1] + 2;
	}
	return XDP_PASS;
}

SEC("xdp")
int unrolled(struct xdp_md *ctx)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 16; i++)
		sum ^= table[i] << i;
	return sum & 3;
}

SEC("xdp")
int off_by_one(struct xdp_md *ctx)
{
	volatile __u32 *t = table;
	__u32 sum = 0;

	for (int i = 0; i <= 64; i++)
		sum += t[i];
	return sum & 3;
}

SEC("xdp")
int nested(struct xdp_md *ctx)
{
	__u32 sum = 0;

	for (int i = 0; i < 20; i++)
		for (int j = 0; j < 20; j++)
			if (flag == i * j)
				sum++;
	return sum & 3;
}
