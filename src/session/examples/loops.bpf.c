// Two loops: one the verifier walks, one a helper does
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 total;

/* The verifier walks this loop step by step, every kernel since 5.3. */
SEC("xdp")
int bounded(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (int i = 0; i < 64; i++)
		sum += bpf_get_prandom_u32() & 0xff;
	total = sum;
	return XDP_PASS;
}

static long add(__u32 i, __u64 *sum)
{
	*sum += i;
	return 0;
}

/* The body is checked once; the helper does the looping, since 5.17. */
SEC("xdp")
int with_helper(struct xdp_md *ctx)
{
	__u64 sum = 0;

	bpf_loop(100000, add, &sum, 0);
	total = sum;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
