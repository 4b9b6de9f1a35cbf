#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800
#define ICMP_ECHO 8
#define ICMP_ECHOREPLY 0

SEC("xdp")
int answer(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct icmphdr *icmp = (void *)(ip + 1);
	__u8 mac[6];

	if ((void *)(icmp + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != 5 || ip->protocol != IPPROTO_ICMP || icmp->type != ICMP_ECHO)
		return XDP_PASS;

	__builtin_memcpy(mac, eth->h_source, sizeof(mac));
	__builtin_memcpy(eth->h_source, eth->h_dest, sizeof(mac));
	__builtin_memcpy(eth->h_dest, mac, sizeof(mac));

	/* Your code: addresses, type, checksum. */
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
