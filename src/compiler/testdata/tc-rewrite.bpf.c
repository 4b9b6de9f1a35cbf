#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/in.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define IP_DST (ETH_HLEN + offsetof(struct iphdr, daddr))
#define IP_CSUM (ETH_HLEN + offsetof(struct iphdr, check))
#define TCP_CSUM (ETH_HLEN + sizeof(struct iphdr) + offsetof(struct tcphdr, check))

volatile const __u32 new_address = 0x0100007f;

SEC("tc")
int rewrite(struct __sk_buff *skb)
{
	__u32 old;
	__u8 proto;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, protocol), &proto, 1) < 0 || proto != IPPROTO_TCP)
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, IP_DST, &old, sizeof(old)) < 0)
		return TC_ACT_SHOT;
	bpf_l4_csum_replace(skb, TCP_CSUM, old, new_address, BPF_F_PSEUDO_HDR | sizeof(old));
	bpf_l3_csum_replace(skb, IP_CSUM, old, new_address, sizeof(old));
	bpf_skb_store_bytes(skb, IP_DST, (void *)&new_address, sizeof(new_address), 0);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
