// ANSWER largest:
// ANSWER value-size:
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 histogram[16];

SEC("xdp")
int by_byte(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if ((void *)(data + 15) > data_end)
		return XDP_PASS;
	histogram[data[14] & 31]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
