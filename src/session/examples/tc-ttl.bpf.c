// A tc classifier that sets the TTL and repairs the checksum
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800
#define TC_ACT_OK 0
#define NEW_TTL 7

#define TTL_OFF (sizeof(struct ethhdr) + __builtin_offsetof(struct iphdr, ttl))
#define CSUM_OFF (sizeof(struct ethhdr) + __builtin_offsetof(struct iphdr, check))

SEC("tc")
int set_ttl(struct __sk_buff *skb)
{
	__u8 ttl[2] __attribute__((aligned(2))), fresh[2] __attribute__((aligned(2)));

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	/* TTL and protocol share a 16-bit word of the checksum */
	if (bpf_skb_load_bytes(skb, TTL_OFF, ttl, 2))
		return TC_ACT_OK;
	fresh[0] = NEW_TTL;
	fresh[1] = ttl[1];

	bpf_l3_csum_replace(skb, CSUM_OFF, *(__u16 *)ttl, *(__u16 *)fresh, 2);
	bpf_skb_store_bytes(skb, TTL_OFF, fresh, 2, 0);
	bpf_printk("ttl %d became %d", ttl[0], NEW_TTL);
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
