/* Program arrays, and what a tail call may be mixed with. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

int target(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} jumps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} plain SEC(".maps");

SEC("tc")
int entry(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 1);
	return 2;
}

SEC("tc")
int entry_static(struct __sk_buff *skb)
{
	bpf_tail_call_static(skb, &jumps, 2);
	return 2;
}

SEC("tc")
int entry_variable(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, skb->mark);
	return 2;
}

SEC("tc")
int wrong_array(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &plain, 1);
	return 2;
}

SEC("tc")
int wrong_context(struct __sk_buff *skb)
{
	__u64 not_context = 0;

	bpf_tail_call(&not_context, &jumps, 1);
	return 2;
}

static __noinline int from_subprogram(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 0);
	return 1;
}

SEC("tc")
int entry_in_subprogram(struct __sk_buff *skb)
{
	return from_subprogram(skb) + 1;
}

SEC("tc")
int with_reference(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	bpf_tail_call(skb, &jumps, 1);
	if (sk)
		bpf_sk_release(sk);
	return 0;
}

static __noinline int deep(struct __sk_buff *skb)
{
	char big[300] = {};

	bpf_skb_load_bytes(skb, 0, big, sizeof(big));
	bpf_tail_call(skb, &jumps, 0);
	return big[4];
}

SEC("tc")
int large_frame_before_tail_call(struct __sk_buff *skb)
{
	char big[300] = {};

	bpf_skb_load_bytes(skb, 0, big, sizeof(big));
	return deep(skb) + big[0];
}

SEC("tc")
int lookup_program(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&jumps, &key) ? 1 : 0;
}
