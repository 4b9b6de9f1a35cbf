/* Arithmetic with pointers that may not be moved, compared or stored. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct holder {
	__u64 value;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holder);
} holders SEC(".maps");

SEC("tc")
int context_moved(struct __sk_buff *skb)
{
	struct __sk_buff *other = (void *)skb + (skb->mark & 8);

	return other->len;
}

SEC("tc")
int context_moved_for_helper(struct __sk_buff *skb)
{
	return bpf_skb_pull_data((void *)skb + 8, 0);
}

SEC("tc")
int pointer_stored(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *h = bpf_map_lookup_elem(&holders, &key);

	if (h)
		h->value = (__u64)h;
	return 0;
}

SEC("tc")
int pointer_returned(struct __sk_buff *skb)
{
	return (long)skb;
}

SEC("tc")
int pointer_multiplied(struct __sk_buff *skb)
{
	volatile long v = (long)skb * 3;

	return v;
}

SEC("tc")
int maybe_null_moved(struct __sk_buff *skb)
{
	__u32 key = 0;
	char *h = bpf_map_lookup_elem(&holders, &key);

	asm volatile("%0 += 4" : "+r"(h));
	return h ? *(volatile int *)h : 0;
}

SEC("tc")
int null_check_on_copy(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *h = bpf_map_lookup_elem(&holders, &key), *copy = h;

	asm volatile("" : "+r"(copy));
	return copy ? h->value : 0;
}

SEC("tc")
int compared_with_other(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *h = bpf_map_lookup_elem(&holders, &key);
	struct holder *g = bpf_map_lookup_elem(&holders, &key);

	return h && h == g ? g->value : 0;
}

SEC("tc")
int spilled_and_checked(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *volatile h = bpf_map_lookup_elem(&holders, &key);

	return h ? h->value : 0;
}

SEC("tc")
int half_a_pointer(struct __sk_buff *skb)
{
	volatile __u64 spilled = (__u64)skb;

	return *(volatile __u32 *)&spilled;
}

SEC("tc")
int misaligned_stack(struct __sk_buff *skb)
{
	__u64 a[2] = {};
	volatile __u32 *p = (void *)a + 3;

	return *p;
}

SEC("tc")
int misaligned_value(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *h = bpf_map_lookup_elem(&holders, &key);

	return h ? *(volatile __u32 *)((char *)h + 3) : 0;
}
