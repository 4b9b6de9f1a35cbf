/* netfilter, flow dissector, light-weight tunnels, tc actions. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define NF_ACCEPT 1
#define NF_DROP 0

SEC("netfilter")
int filter(struct bpf_nf_ctx *ctx)
{
	return ctx->skb->len > 1500 ? NF_DROP : NF_ACCEPT;
}

SEC("netfilter")
int filter_returns_two(struct bpf_nf_ctx *ctx)
{
	return 2;
}

SEC("netfilter")
int filter_state(struct bpf_nf_ctx *ctx)
{
	const struct nf_hook_state *state = ctx->state;

	return state->hook == 1 && state->in ? NF_ACCEPT : NF_DROP;
}

SEC("netfilter")
int filter_bytes(struct bpf_nf_ctx *ctx)
{
	struct bpf_dynptr p;
	struct iphdr buf, *ip;

	if (bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &p))
		return NF_DROP;
	ip = bpf_dynptr_slice(&p, 0, &buf, sizeof(buf));
	return ip && ip->ttl > 1 ? NF_ACCEPT : NF_DROP;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;
	__u8 *data = (void *)(long)skb->data;

	if (data + keys->nhoff + 20 > (__u8 *)(long)skb->data_end)
		return BPF_DROP;
	keys->thoff = keys->nhoff + 20;
	keys->addr_proto = 0x0800;
	return BPF_OK;
}

SEC("flow_dissector")
int dissect_reads_mark(struct __sk_buff *skb)
{
	return skb->mark ? BPF_OK : BPF_DROP;
}

SEC("flow_dissector")
int dissect_past_keys(struct __sk_buff *skb)
{
	return *(volatile __u32 *)((void *)skb->flow_keys + sizeof(struct bpf_flow_keys));
}

SEC("lwt_xmit")
int tunnel_out(struct __sk_buff *skb)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64 };

	return bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &ip, sizeof(ip)) ? BPF_DROP : BPF_OK;
}

SEC("lwt_in")
int tunnel_in_writes(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + 20 > (__u8 *)(long)skb->data_end)
		return BPF_DROP;
	data[8] = 1;
	return BPF_OK;
}

SEC("lwt_seg6local")
int segment(struct __sk_buff *skb)
{
	return bpf_lwt_seg6_adjust_srh(skb, 8, 8) ? BPF_DROP : BPF_OK;
}

SEC("action")
int act(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5) ? 2 : 0;
}

SEC("tc")
int tunnel_key(struct __sk_buff *skb)
{
	struct bpf_tunnel_key key = {};

	bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0);
	key.tunnel_id = 5;
	return bpf_skb_set_tunnel_key(skb, &key, sizeof(key), 0) ? 2 : 0;
}

SEC("tc")
int route(struct __sk_buff *skb)
{
	struct bpf_fib_lookup fib = { .family = 2, .ifindex = skb->ifindex };

	if (bpf_fib_lookup(skb, &fib, sizeof(fib), 0) == BPF_FIB_LKUP_RET_SUCCESS)
		return bpf_redirect(fib.ifindex, 0);
	return 0;
}
