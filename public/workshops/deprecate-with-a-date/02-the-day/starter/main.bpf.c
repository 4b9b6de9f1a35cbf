#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int length(struct xdp_md *ctx)
{
	struct bpf_dynptr packet;
	__u64 bytes;

	if (bpf_dynptr_from_xdp(ctx, 0, &packet))
		return XDP_PASS;
	bytes = bpf_dynptr_size(&packet);
	bpf_printk("%d bytes", bytes);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
