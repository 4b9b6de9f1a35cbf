#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
	__u32 x = ctx->rx_queue_index;

	switch (x) {
	case 0: return XDP_DROP;
	case 1: return XDP_TX;
	case 2: return ctx->ingress_ifindex == 3 ? XDP_PASS : XDP_DROP;
	case 3: return bpf_get_prandom_u32() & 3;
	case 4: x += 3; break;
	case 5: x *= 7; break;
	case 6: x ^= 0x55; break;
	case 7: x = bpf_ktime_get_ns(); break;
	case 100 ... 120: return XDP_ABORTED;
	case 5000: return XDP_REDIRECT;
	default: x = 0;
	}
	return x % 5;
}

char LICENSE[] SEC("license") = "GPL";
