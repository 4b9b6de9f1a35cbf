#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

SEC("xdp")
int last_byte(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;

	/* One comparison for both ends: 0 - 1 is a very large number. */
	__u32 at = bpf_ntohs(ip->tot_len) - 1;

	if (at > 1500)
		return XDP_PASS;

	__u8 *last = (void *)ip + at;

	if ((void *)(last + 1) > data_end)
		return XDP_PASS;
	return *last == 0 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
