// A socket filter: keep web traffic, 64 bytes of each packet
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_HLEN 14
#define ETH_P_IP 0x0800

SEC("socket")
int web_only(struct __sk_buff *skb)
{
	struct iphdr ip;
	__be16 ports[2];

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 0;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return 0;
	if (ip.protocol != IPPROTO_TCP)
		return 0;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4, ports, sizeof(ports)))
		return 0;

	/* the return value is how many bytes the socket gets */
	if (ports[1] == bpf_htons(80) || ports[1] == bpf_htons(443))
		return 64;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
