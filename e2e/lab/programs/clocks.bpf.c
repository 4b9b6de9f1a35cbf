/* Helpers by the numbers of the upstream headers, and one by the number of a distribution's. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __u64 (*distribution_ktime_get_tai_ns)(void) = (void *)156;

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int coarse(struct xdp_md *ctx)
{
	return bpf_ktime_get_coarse_ns() ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int tai(struct xdp_md *ctx)
{
	return bpf_ktime_get_tai_ns() ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int distribution_tai(struct xdp_md *ctx)
{
	return distribution_ktime_get_tai_ns() ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int jiffies(struct xdp_md *ctx)
{
	return bpf_jiffies64() ? XDP_PASS : XDP_DROP;
}
