/* Classifiers: direct packet access, __sk_buff fields, rewriting. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define TC_ACT_OK 0
#define TC_ACT_SHOT 2
#define ETH_P_IP 0x0800

SEC("tc")
int fields_right(struct __sk_buff *skb)
{
	skb->mark = 7;
	skb->cb[0] = skb->len;
	skb->priority = skb->ifindex;
	skb->tc_index = 1;
	return skb->protocol == bpf_htons(ETH_P_IP) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc")
int write_length(struct __sk_buff *skb)
{
	skb->len = 20;
	return TC_ACT_OK;
}

SEC("tc")
int write_remote(struct __sk_buff *skb)
{
	skb->remote_ip4 = 0;
	return TC_ACT_OK;
}

SEC("tc")
int read_remote(struct __sk_buff *skb)
{
	return skb->remote_ip4 ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc")
int pull_right(struct __sk_buff *skb)
{
	void *data, *end;

	if (bpf_skb_pull_data(skb, 34))
		return TC_ACT_OK;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (data + 34 > end)
		return TC_ACT_OK;
	struct iphdr *ip = data + 14;
	ip->tos = 0;
	return TC_ACT_OK;
}

SEC("tc")
int pull_stale(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 34 > end)
		return TC_ACT_OK;
	bpf_skb_pull_data(skb, 34);
	return ((struct iphdr *)(data + 14))->tos ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc")
int checksum_right(struct __sk_buff *skb)
{
	__be32 old = 0, new = bpf_htonl(0x0a000001);

	bpf_skb_load_bytes(skb, 30, &old, 4);
	bpf_l3_csum_replace(skb, 24, old, new, 4);
	bpf_skb_store_bytes(skb, 30, &new, 4, BPF_F_RECOMPUTE_CSUM);
	return TC_ACT_OK;
}

SEC("tc")
int store_stale(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u8 zero = 0;

	if (data + 1 > end)
		return TC_ACT_OK;
	bpf_skb_store_bytes(skb, 0, &zero, 1, 0);
	return *data;
}

SEC("tc")
int bytes_unbounded(struct __sk_buff *skb)
{
	__u8 buf[32];

	bpf_skb_load_bytes(skb, 0, buf, skb->len);
	return buf[3];
}

SEC("tc")
int bytes_bounded(struct __sk_buff *skb)
{
	__u8 buf[32] = {};
	__u32 len = skb->len;

	if (len > sizeof(buf))
		len = sizeof(buf);
	if (len < 1)
		return TC_ACT_OK;
	bpf_skb_load_bytes(skb, 0, buf, len);
	return buf[3];
}

SEC("tc")
int bytes_maybe_zero(struct __sk_buff *skb)
{
	__u8 buf[32] = {};
	__u32 len = skb->len;

	if (len > sizeof(buf))
		return TC_ACT_OK;
	bpf_skb_load_bytes(skb, 0, buf, len);
	return buf[3];
}

SEC("tcx/ingress")
int on_tcx(struct __sk_buff *skb)
{
	return bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS) ? TCX_DROP : TCX_NEXT;
}

SEC("netkit/peer")
int on_netkit(struct __sk_buff *skb)
{
	return skb->mark ? NETKIT_PASS : NETKIT_DROP;
}
