// ANSWER removed-in: 7.6
// ANSWER removed-in-nodate: none
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int length(struct xdp_md *ctx)
{
	bpf_printk("%d bytes", ctx->data_end - ctx->data);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
