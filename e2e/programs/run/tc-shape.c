/* tc: changing the size and the headers of a packet. */
#include "packets.h"

s64 out[32];

SEC("tc")
int change_head(struct __sk_buff *skb)
{
	out[0] = bpf_skb_change_head(skb, 14, 0);
	out[1] = skb->len;
	return TC_ACT_OK;
}

SEC("tc")
int change_tail(struct __sk_buff *skb)
{
	out[2] = bpf_skb_change_tail(skb, skb->len + 10, 0);
	out[3] = skb->len;
	out[4] = bpf_skb_change_tail(skb, 40, 0);
	out[5] = skb->len;
	out[6] = bpf_skb_change_tail(skb, 2, 0);
	return TC_ACT_OK;
}

SEC("tc")
int adjust_room(struct __sk_buff *skb)
{
	out[7] = bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_MAC, 0);
	out[8] = skb->len;
	out[9] = bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_MAC, 0);
	out[10] = skb->len;
	out[11] = bpf_skb_adjust_room(skb, 4, BPF_ADJ_ROOM_NET, 0);
	out[12] = skb->len;
	out[13] = bpf_skb_adjust_room(skb, 4, 7, 0);
	return TC_ACT_OK;
}

SEC("tc")
int vlan(struct __sk_buff *skb)
{
	out[14] = bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 0x123);
	out[15] = skb->vlan_present;
	out[16] = skb->vlan_tci;
	out[17] = bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7);
	out[18] = skb->len;
	out[19] = bpf_skb_vlan_pop(skb);
	out[20] = skb->vlan_tci;
	out[21] = skb->len;
	return TC_ACT_OK;
}

SEC("tc")
int change_type(struct __sk_buff *skb)
{
	out[22] = bpf_skb_change_type(skb, 1);
	out[23] = skb->pkt_type;
	out[24] = bpf_skb_change_type(skb, 7);
	out[25] = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
	return TC_ACT_OK;
}
