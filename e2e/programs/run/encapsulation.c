/* tc: tunnels, protocol changes, congestion marks, routes, MTU, copies of packets. */
#include "packets.h"

s64 out[48];

SEC("tc")
int encap(struct __sk_buff *skb)
{
	out[0] = bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4);
	out[1] = skb->len;
	out[2] = skb->protocol;
	out[3] = bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4);
	out[4] = bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6);
	out[5] = bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, 0);
	out[6] = skb->len;
	out[7] = bpf_skb_adjust_room(skb, -2000, BPF_ADJ_ROOM_MAC, 0);
	out[8] = bpf_skb_adjust_room(skb, 5000, BPF_ADJ_ROOM_MAC, 0);
	out[9] = bpf_skb_adjust_room(skb, 4, BPF_ADJ_ROOM_MAC, 1ULL << 40);
	out[10] = bpf_skb_adjust_room(skb, -4, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4);
	return TC_ACT_OK;
}

SEC("tc")
int proto(struct __sk_buff *skb)
{
	out[11] = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0);
	out[12] = skb->protocol;
	out[13] = skb->len;
	out[14] = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
	out[15] = skb->len;
	out[16] = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 1);
	return TC_ACT_OK;
}

SEC("tc")
int marks(struct __sk_buff *skb)
{
	out[17] = bpf_skb_ecn_set_ce(skb);
	out[18] = bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
	out[19] = bpf_csum_level(skb, 9);
	out[20] = bpf_csum_update(skb, 5);
	out[21] = bpf_skb_change_type(skb, 3);
	u8 b[10];
	if (!bpf_skb_load_bytes(skb, 14, b, 2)) {
		b[1] |= 1;
		bpf_skb_store_bytes(skb, 14, b, 2, 0);
		out[22] = bpf_skb_ecn_set_ce(skb);
	}
	return TC_ACT_OK;
}

SEC("tc")
int mtu(struct __sk_buff *skb)
{
	u32 length = 0;
	out[23] = bpf_check_mtu(skb, 0, &length, 0, 0);
	out[24] = length;
	length = 70000;
	out[25] = bpf_check_mtu(skb, 0, &length, 0, 0);
	length = 0;
	out[26] = bpf_check_mtu(skb, 77, &length, 0, 0);
	out[27] = bpf_check_mtu(skb, 0, &length, 70000, 0);
	out[28] = bpf_check_mtu(skb, 0, &length, 0, 8);
	return TC_ACT_OK;
}

SEC("tc")
int route(struct __sk_buff *skb)
{
	struct bpf_fib_lookup fib = { .family = 2, .ifindex = 1, .ipv4_dst = 0x08080808, .ipv4_src = 0x0100007f };
	out[29] = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	fib.ifindex = 99;
	out[30] = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	fib.ifindex = 1;
	fib.family = 77;
	out[31] = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	out[32] = bpf_fib_lookup(skb, &fib, sizeof(fib), 1 << 20);
	out[33] = bpf_clone_redirect(skb, 88, 0);
	out[34] = bpf_clone_redirect(skb, 1, 4);
	return TC_ACT_OK;
}

SEC("tc")
int checksums(struct __sk_buff *skb)
{
	u32 from[4] = { 1, 0x80000001, 0xffffffff, 7 }, to[4] = { 5, 0, 0xfffe, 0x12345678 };
	out[35] = bpf_csum_diff(from, 16, to, 16, 0);
	out[36] = bpf_csum_diff(NULL, 0, to, 16, skb->mark);
	out[37] = bpf_csum_diff(from, 16, NULL, 0, skb->mark);
	out[38] = bpf_csum_diff(from, 8, to, 12, 0xffffffff);
	out[39] = bpf_l3_csum_replace(skb, 24, 0, 0x1234, 0);
	out[40] = bpf_l3_csum_replace(skb, 24, 5, 0x1234, 0);
	out[41] = bpf_l3_csum_replace(skb, 24, 0x4500, 0x4600, 2);
	out[42] = bpf_l4_csum_replace(skb, 50, 0x1111, 0x2222, 2 | BPF_F_PSEUDO_HDR);
	out[43] = bpf_l4_csum_replace(skb, 50, 0, 0xabcdef, BPF_F_MARK_MANGLED_0);
	out[44] = bpf_l4_csum_replace(skb, 51, 0, 1, 4);
	out[45] = bpf_l4_csum_replace(skb, 50, 0, 1, 3);
	out[46] = bpf_l3_csum_replace(skb, 24, 0, 1, 0x100);
	return TC_ACT_OK;
}
