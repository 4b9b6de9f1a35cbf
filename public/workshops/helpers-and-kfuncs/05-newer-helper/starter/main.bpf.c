#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>

#define ETH_P_IP 0x0800

SEC("xdp")
int gate(struct xdp_md *ctx)
{
	__be16 type = 0;

	if (bpf_xdp_load_bytes(ctx, 12, &type, sizeof(type)))
		return XDP_DROP;
	return type == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
