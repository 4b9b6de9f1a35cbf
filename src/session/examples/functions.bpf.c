// Static and global functions: verified inside the caller, or by themselves
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800

/* Static: the verifier walks it again at every call, with what it knows there. */
static __noinline int is_ip(void *data, void *data_end)
{
	struct ethhdr *eth = data;

	if ((void *)(eth + 1) > data_end)
		return 0;
	return eth->h_proto == bpf_htons(ETH_P_IP);
}

/* Global: verified once, for any argument of its type; the caller only sees
 * "a number". Weak, or clang, which knows better, removes the check below. */
__weak int classify(__u32 length)
{
	if (length < 100)
		return 0;
	if (length < 1000)
		return 1;
	return 2;
}

__u64 sizes[3];

SEC("xdp")
int by_size(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;

	if (!is_ip(data, data_end))
		return XDP_PASS;

	__u32 class = classify(data_end - data);
	/* the global function's return value has no bounds: take this away */
	if (class > 2)
		return XDP_PASS;
	sizes[class]++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
