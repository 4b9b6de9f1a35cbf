// ANSWER missing: min
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 by_length[16];

SEC("xdp")
int lengths(struct xdp_md *ctx)
{
	long length = (long)ctx->data_end - (long)ctx->data;
	long slot = length - 60;

	if (slot < 0)
		slot = 0;
	if (slot > 15)
		slot = 15;
	by_length[slot]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
