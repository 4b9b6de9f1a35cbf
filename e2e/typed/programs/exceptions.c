/* bpf_throw and bpf_assert-like checks; where a reference would be lost. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int throws(struct __sk_buff *skb)
{
	if (skb->len > 9000)
		bpf_throw(1);
	return 0;
}

SEC("tc")
int throws_with_reference(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	if (sk->state == 2)
		bpf_throw(2);
	bpf_sk_release(sk);
	return 0;
}

static __noinline int inner(struct __sk_buff *skb)
{
	if (skb->mark == 3)
		bpf_throw(3);
	return 1;
}

SEC("tc")
int throws_below(struct __sk_buff *skb)
{
	return inner(skb) + inner(skb);
}

SEC("xdp")
int throws_large(struct xdp_md *ctx)
{
	bpf_throw(17);
	return XDP_PASS;
}
