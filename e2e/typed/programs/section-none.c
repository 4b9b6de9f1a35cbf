/* A program without SEC: it lies in .text and is no program. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

int forgotten(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int there(struct xdp_md *ctx)
{
	return forgotten(ctx);
}
