/* tc: reading and writing the packet, checksums, context fields. */
#include "packets.h"

s64 out[32];

SEC("tc")
int load_and_store(struct __sk_buff *skb)
{
	u8 buffer[8] = {};
	out[0] = bpf_skb_load_bytes(skb, 26, buffer, 4);
	out[1] = *(u32 *)buffer;
	out[2] = bpf_skb_load_bytes(skb, 9000, buffer, 4);
	out[3] = bpf_skb_load_bytes_relative(skb, 12, buffer, 4, BPF_HDR_START_NET);
	out[4] = *(u32 *)buffer;
	u32 address = bpf_htonl(0x0a0b0c0d);
	out[5] = bpf_skb_store_bytes(skb, 30, &address, 4, 0);
	out[6] = bpf_skb_store_bytes(skb, 9000, &address, 4, 0);
	out[7] = bpf_skb_store_bytes(skb, 30, &address, 4, 0xf00);
	return TC_ACT_OK;
}

SEC("tc")
int rewrite_address(struct __sk_buff *skb)
{
	u32 old, new = bpf_htonl(0xc0a80101);
	if (bpf_skb_load_bytes(skb, 30, &old, 4))
		return TC_ACT_SHOT;
	out[8] = bpf_l3_csum_replace(skb, 24, old, new, 4);
	out[9] = bpf_l4_csum_replace(skb, 40, old, new, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | 4);
	out[10] = bpf_skb_store_bytes(skb, 30, &new, 4, 0);
	out[11] = bpf_csum_diff(&old, 4, &new, 4, 0);
	out[12] = bpf_csum_diff(NULL, 0, &new, 4, 0x1234);
	out[13] = bpf_l3_csum_replace(skb, 24, old, new, 3);
	out[14] = bpf_l3_csum_replace(skb, 25, old, new, 2);
	return TC_ACT_PIPE;
}

SEC("tc")
int direct_write(struct __sk_buff *skb)
{
	u8 *p = (void *)(long)skb->data;
	if (bpf_skb_pull_data(skb, 20))
		return TC_ACT_SHOT;
	p = (void *)(long)skb->data;
	if (p + 20 > (u8 *)(long)skb->data_end)
		return TC_ACT_SHOT;
	for (int i = 0; i < 6; i++)
		p[i] = ~p[i];
	return TC_ACT_OK;
}

SEC("tc")
int context(struct __sk_buff *skb)
{
	out[15] = skb->len;
	out[16] = skb->protocol;
	out[17] = skb->mark;
	out[18] = skb->priority;
	out[19] = skb->cb[0];
	out[20] = skb->cb[4];
	out[21] = skb->vlan_present;
	out[22] = skb->pkt_type;
	out[23] = skb->gso_segs;
	out[24] = skb->ifindex;
	out[25] = skb->tstamp;
	skb->mark = 0xabcd;
	skb->priority = 5;
	skb->cb[0] = 111;
	skb->cb[4] = 444;
	skb->tc_index = 3;
	return TC_ACT_STOLEN;
}

SEC("tc")
int hashes(struct __sk_buff *skb)
{
	out[26] = skb->hash;
	bpf_set_hash_invalid(skb);
	out[27] = skb->hash;
	out[28] = bpf_set_hash(skb, 0x5555);
	out[29] = bpf_get_hash_recalc(skb);
	return TC_ACT_UNSPEC;
}
