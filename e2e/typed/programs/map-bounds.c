/* Indices into map values and globals: masked, compared, signed, in 32 bits. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct table {
	__u32 cells[16];
	__u64 tail;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct table);
} tables SEC(".maps");

__u32 cells[16];

static __always_inline struct table *table(void)
{
	__u32 key = 1;
	return bpf_map_lookup_elem(&tables, &key);
}

SEC("tc")
int masked(struct __sk_buff *skb)
{
	struct table *t = table();
	return t ? t->cells[skb->mark & 15] : 0;
}

SEC("tc")
int masked_too_wide(struct __sk_buff *skb)
{
	struct table *t = table();
	return t ? t->cells[skb->mark & 31] : 0;
}

SEC("tc")
int modulo(struct __sk_buff *skb)
{
	struct table *t = table();
	return t ? t->cells[skb->mark % 16] : 0;
}

SEC("tc")
int compared(struct __sk_buff *skb)
{
	struct table *t = table();
	__u32 i = skb->mark;
	return t && i < 16 ? t->cells[i] : 0;
}

SEC("tc")
int compared_equal(struct __sk_buff *skb)
{
	struct table *t = table();
	__u32 i = skb->mark;
	return t && i <= 18 ? t->cells[i] : 0;
}

SEC("tc")
int signed_upper_only(struct __sk_buff *skb)
{
	struct table *t = table();
	int i = skb->mark;
	return t && i < 16 ? t->cells[i] : 0;
}

SEC("tc")
int signed_both(struct __sk_buff *skb)
{
	struct table *t = table();
	int i = skb->mark;
	return t && i >= 0 && i < 16 ? t->cells[i] : 0;
}

SEC("tc")
int global_compared(struct __sk_buff *skb)
{
	__u32 i = skb->mark;
	return i < 16 ? cells[i] : 0;
}

SEC("tc")
int global_unchecked(struct __sk_buff *skb)
{
	return cells[skb->mark];
}

SEC("tc")
int bounded_by_mask_and_add(struct __sk_buff *skb)
{
	return cells[(skb->mark & 7) + (skb->priority & 8)];
}

SEC("tc")
int through_volatile(struct __sk_buff *skb)
{
	volatile __u32 i = skb->mark;
	return i < 16 ? cells[i] : 0;
}

SEC("tc")
int wide_compare(struct __sk_buff *skb)
{
	__u64 i = (__u64)skb->mark * skb->len;
	return i < 16 ? cells[i] : 0;
}

SEC("tc")
int shifted(struct __sk_buff *skb)
{
	return cells[skb->hash >> 28];
}

SEC("tc")
int negative_offset(struct __sk_buff *skb)
{
	struct table *t = table();
	return t ? *(volatile __u32 *)((char *)t - 4) : 0;
}

SEC("tc")
int minus_constant(struct __sk_buff *skb)
{
	__u32 i = skb->mark;
	return i > 0 && i < 17 ? cells[i - 1] : 0;
}
