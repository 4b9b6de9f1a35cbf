/* Ethernet, VLAN and IPv4 by hand, with every way of getting a bounds check wrong. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define ETH_P_IP 0x0800
#define ETH_P_8021Q 0x8100

struct hdr_cursor {
	void *pos;
};

static __always_inline int parse_eth(struct hdr_cursor *nh, void *data_end, struct ethhdr **out)
{
	struct ethhdr *eth = nh->pos;

	if ((void *)(eth + 1) > data_end)
		return -1;
	nh->pos = eth + 1;
	*out = eth;
	return eth->h_proto;
}

SEC("xdp")
int parse_right(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct hdr_cursor nh = { (void *)(long)ctx->data };
	struct ethhdr *eth;
	int proto = parse_eth(&nh, data_end, &eth);

	if (proto == bpf_htons(ETH_P_8021Q)) {
		struct vlan_hdr *vlan = nh.pos;
		if ((void *)(vlan + 1) > data_end)
			return XDP_PASS;
		nh.pos = vlan + 1;
		proto = vlan->h_vlan_encapsulated_proto;
	}
	if (proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	struct iphdr *ip = nh.pos;
	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	return ip->protocol == IPPROTO_UDP ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int parse_no_check(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int parse_check_after_use(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	volatile struct ethhdr *eth = (void *)(long)ctx->data;
	int proto = eth->h_proto;

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	return proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int parse_wrong_direction(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) < data_end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int parse_pointer_only(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)eth > data_end)
		return XDP_PASS;
	return eth->h_proto == bpf_htons(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int parse_greater_equal(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) >= data_end)
		return XDP_PASS;
	return ((char *)eth)[14] ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int parse_second_header_unchecked(struct xdp_md *ctx)
{
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > data_end)
		return XDP_PASS;
	return ip->ttl < 2 ? XDP_DROP : XDP_PASS;
}
