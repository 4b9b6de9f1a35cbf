#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int length(struct xdp_md *ctx)
{
	struct bpf_dynptr packet;

	if (bpf_dynptr_from_xdp(ctx, 0, &packet))
		return XDP_PASS;
	bpf_printk("%d bytes", bpf_dynptr_size(&packet));
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
