#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __noinline __u64 mix(__u64 a, __u64 b)
{
	a ^= b;
	a *= 0x9e3779b97f4a7c15ULL;
	return a ^ a >> 29;
}

__noinline int classify(struct xdp_md *ctx, int seed)
{
	__u64 h = seed;

	h = mix(h, ctx->ingress_ifindex);
	h = mix(h, ctx->rx_queue_index);
	return h & 3;
}

static __noinline int recurse_not(int n)
{
	return n > 3 ? mix(n, 3) : classify((void *)0, n);
}

__weak int weak_default(void)
{
	return 2;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return classify(ctx, 1) ?: weak_default();
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return classify(ctx, 2) + recurse_not(ctx->data_meta);
}

char LICENSE[] SEC("license") = "GPL";
