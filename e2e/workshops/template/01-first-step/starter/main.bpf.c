#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int gate(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
