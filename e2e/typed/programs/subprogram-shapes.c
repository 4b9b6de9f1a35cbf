/* Recursion, many arguments, functions by pointer, packets across calls. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static __noinline int down(int n)
{
	return n <= 0 ? 0 : down(n - 1) + bpf_get_prandom_u32();
}

SEC("tc")
int recursion(struct __sk_buff *skb)
{
	return down(3);
}

static __noinline int pulls(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 20);
}

SEC("tc")
int stale_after_call(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + 1 > (__u8 *)(long)skb->data_end)
		return 0;
	pulls(skb);
	return *data;
}

static __noinline int first(__u8 *data, __u8 *end)
{
	return data + 1 <= end ? *data : 0;
}

SEC("tc")
int packet_in_static(struct __sk_buff *skb)
{
	return first((void *)(long)skb->data, (void *)(long)skb->data_end);
}

__noinline int first_global(__u8 *data, __u8 *end)
{
	return data && data + 1 <= end ? *data : 0;
}

SEC("tc")
int packet_in_global(struct __sk_buff *skb)
{
	return first_global((void *)(long)skb->data, (void *)(long)skb->data_end);
}

__noinline int global_pulls(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 20);
}

SEC("tc")
int stale_after_global_call(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + 1 > (__u8 *)(long)skb->data_end)
		return 0;
	global_pulls(skb);
	return *data;
}

static __noinline void fills(int *out)
{
	*out = 3;
}

SEC("tc")
int out_parameter(struct __sk_buff *skb)
{
	int v;

	fills(&v);
	return v;
}

static __noinline struct bpf_sock *finds(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	return bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
}

SEC("tc")
int reference_from_call(struct __sk_buff *skb)
{
	struct bpf_sock *sk = finds(skb);

	if (sk)
		bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int reference_from_call_leaked(struct __sk_buff *skb)
{
	return finds(skb) != NULL;
}
