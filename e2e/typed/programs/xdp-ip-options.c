/* An IPv4 header's length comes from the packet: masked, checked, or trusted too early. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct iphdr *ipv4(struct xdp_md *ctx, void **end)
{
	void *data = (void *)(long)ctx->data;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	*end = (void *)(long)ctx->data_end;
	return (void *)(ip + 1) > *end ? NULL : ip;
}

SEC("xdp")
int options_right(struct xdp_md *ctx)
{
	void *end;
	struct iphdr *ip = ipv4(ctx, &end);

	if (!ip || ip->ihl < 5)
		return XDP_PASS;
	struct udphdr *udp = (void *)ip + ip->ihl * 4;
	if ((void *)(udp + 1) > end)
		return XDP_PASS;
	return udp->dest == bpf_htons(53) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int options_unchecked(struct xdp_md *ctx)
{
	void *end;
	struct iphdr *ip = ipv4(ctx, &end);

	if (!ip)
		return XDP_PASS;
	struct udphdr *udp = (void *)ip + ip->ihl * 4;
	return udp->dest == bpf_htons(53) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int total_length_offset(struct xdp_md *ctx)
{
	void *end;
	struct iphdr *ip = ipv4(ctx, &end);

	if (!ip)
		return XDP_PASS;
	__u8 *last = (void *)ip + bpf_ntohs(ip->tot_len);
	if ((void *)(last + 1) > end)
		return XDP_PASS;
	return *last ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int total_length_doubled(struct xdp_md *ctx)
{
	void *end;
	struct iphdr *ip = ipv4(ctx, &end);

	if (!ip)
		return XDP_PASS;
	__u8 *last = (void *)ip + (__u64)bpf_ntohs(ip->tot_len) * 4;
	if ((void *)(last + 1) > end)
		return XDP_PASS;
	return *last ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int address_offset(struct xdp_md *ctx)
{
	void *end;
	struct iphdr *ip = ipv4(ctx, &end);

	if (!ip)
		return XDP_PASS;
	__u8 *last = (void *)ip + ip->saddr;
	if ((void *)(last + 1) > end)
		return XDP_PASS;
	return *last ? XDP_DROP : XDP_PASS;
}
