/* Program types beside XDP and tc that BPF_PROG_TEST_RUN runs. */
#include "packets.h"

s64 out[16];

SEC("cgroup_skb/ingress")
int group_filter(struct __sk_buff *skb)
{
	u8 protocol = 0;
	out[0] = skb->len;
	out[1] = bpf_skb_load_bytes(skb, 9, &protocol, 1);
	out[2] = protocol;
	return protocol == IPPROTO_TCP;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;
	struct iphdr ip;
	if (bpf_skb_load_bytes(skb, keys->thoff, &ip, sizeof(ip)))
		return 1;
	keys->addr_proto = ETH_P_IP;
	keys->ipv4_src = ip.saddr;
	keys->ipv4_dst = ip.daddr;
	keys->ip_proto = ip.protocol;
	keys->thoff += ip.ihl * 4;
	return 0;
}

struct arguments {
	u64 a, b, sum;
};

SEC("syscall")
int system_call(struct arguments *ctx)
{
	ctx->sum = ctx->a + ctx->b;
	return ctx->sum & 0xffff;
}

SEC("lwt_in")
int tunnel(struct __sk_buff *skb)
{
	out[3] = skb->len;
	return skb->mark ? BPF_DROP : BPF_OK;
}

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx)
{
	out[4] = ctx->local_port;
	out[5] = bpf_ntohs(ctx->remote_port);
	out[6] = ctx->family;
	return ctx->local_port == 80 ? SK_DROP : SK_PASS;
}
