// Rejected: an index from the packet with no upper bound
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 seen[16];

SEC("xdp")
int histogram(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if ((void *)(data + 15) > data_end)
		return XDP_PASS;
	/* "& 15" after data[14] would satisfy the verifier */
	seen[data[14]]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
