/* What of struct xdp_md may be read, written, and calculated with. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int write_context(struct xdp_md *ctx)
{
	ctx->rx_queue_index = 1;
	return XDP_PASS;
}

SEC("xdp")
int narrow_load(struct xdp_md *ctx)
{
	return *(volatile __u8 *)&ctx->rx_queue_index ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int half_of_data(struct xdp_md *ctx)
{
	return *(volatile __u16 *)&ctx->data ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int behind_context(struct xdp_md *ctx)
{
	return *(volatile __u32 *)((void *)ctx + sizeof(*ctx)) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int variable_context(struct xdp_md *ctx)
{
	__u32 i = ctx->rx_queue_index & 3;
	return ((volatile __u32 *)ctx)[i] ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int length_by_subtraction(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 100 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int pointer_as_number(struct xdp_md *ctx)
{
	return (ctx->data & 0xff) == 0 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int pointers_added(struct xdp_md *ctx)
{
	volatile long sum = (long)ctx->data + (long)ctx->data_end;
	return sum ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int return_out_of_range(struct xdp_md *ctx)
{
	return 17;
}
