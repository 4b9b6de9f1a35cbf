// A socket filter: keep web traffic, 64 bytes of each packet
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800

SEC("socket")
int web_only(struct __sk_buff *skb)
{
	struct iphdr ip;
	__be16 ports[2];

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 0;
	/* Counted from the IP header: whether there is an Ethernet header in
	 * front of it depends on the socket. */
	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	if (ip.protocol != IPPROTO_TCP)
		return 0;
	if (bpf_skb_load_bytes_relative(skb, ip.ihl * 4, ports, sizeof(ports), BPF_HDR_START_NET))
		return 0;

	/* the return value is how many bytes the socket gets */
	if (ports[1] == bpf_htons(80) || ports[1] == bpf_htons(443))
		return 64;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
