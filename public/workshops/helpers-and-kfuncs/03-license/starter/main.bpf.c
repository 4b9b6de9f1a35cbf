#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int greet(struct xdp_md *ctx)
{
	bpf_printk("hello from a packet of %d bytes", ctx->data_end - ctx->data);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "MIT";
