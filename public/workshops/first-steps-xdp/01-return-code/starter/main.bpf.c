#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int gate(struct xdp_md *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
