/* Looking up sockets from a classifier, and giving them back. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct bpf_sock_tuple *tuple_of(struct __sk_buff *skb, struct bpf_sock_tuple *tuple)
{
	if (bpf_skb_load_bytes(skb, 26, &tuple->ipv4, sizeof(tuple->ipv4)))
		return NULL;
	return tuple;
}

SEC("tc")
int lookup_right(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};

	if (!tuple_of(skb, &tuple))
		return 0;
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	int state = sk->state;
	bpf_sk_release(sk);
	return state == BPF_TCP_LISTEN ? 2 : 0;
}

SEC("tc")
int lookup_leaked(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	return sk ? 2 : 0;
}

SEC("tc")
int lookup_leaked_on_one_path(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_udp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	if (sk->family == 10)
		return 2;
	bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int released_twice(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	bpf_sk_release(sk);
	bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int used_after_release(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	bpf_sk_release(sk);
	return sk->state;
}

SEC("tc")
int released_without_check(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};

	bpf_sk_release(bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0));
	return 0;
}

SEC("tc")
int assign_right(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	bpf_sk_assign(skb, sk, 0);
	bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int full_sock(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 0;
	struct bpf_tcp_sock *tp = bpf_tcp_sock(sk);
	return tp ? tp->snd_cwnd > 10 : sk->priority;
}

SEC("tc")
int sock_unchecked(struct __sk_buff *skb)
{
	return skb->sk->family;
}
