/* bpf_loop, bpf_for_each_map_elem and their callbacks. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sum_state {
	__u64 sum;
	__u32 limit;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, __u64);
} values SEC(".maps");

__u32 cells[16];

static long add(__u64 i, struct sum_state *s)
{
	s->sum += i;
	return i >= s->limit;
}

static long returns_two(__u64 i, void *ctx)
{
	return 2;
}

static long writes_cell(__u64 i, void *ctx)
{
	cells[i & 15] = i;
	return 0;
}

static long writes_cell_unchecked(__u64 i, void *ctx)
{
	cells[i] = i;
	return 0;
}

static long each(void *map, __u32 *key, __u64 *value, struct sum_state *s)
{
	s->sum += *value;
	if (*key == s->limit)
		bpf_map_delete_elem(map, key);
	return 0;
}

static long each_past_value(void *map, __u32 *key, __u64 *value, struct sum_state *s)
{
	s->sum += value[1];
	return 0;
}

SEC("tc")
int sums(struct __sk_buff *skb)
{
	struct sum_state s = { 0, skb->len };

	bpf_loop(100, add, &s, 0);
	return s.sum;
}

SEC("tc")
int callback_returns_two(struct __sk_buff *skb)
{
	return bpf_loop(10, returns_two, NULL, 0);
}

SEC("tc")
int callback_masked(struct __sk_buff *skb)
{
	return bpf_loop(skb->len, writes_cell, NULL, 0);
}

SEC("tc")
int callback_unchecked(struct __sk_buff *skb)
{
	return bpf_loop(16, writes_cell_unchecked, NULL, 0);
}

SEC("tc")
int callback_flags(struct __sk_buff *skb)
{
	return bpf_loop(16, writes_cell, NULL, 1);
}

SEC("tc")
int for_each(struct __sk_buff *skb)
{
	struct sum_state s = {};

	bpf_for_each_map_elem(&values, each, &s, 0);
	return s.sum;
}

SEC("tc")
int for_each_past_value(struct __sk_buff *skb)
{
	struct sum_state s = {};

	bpf_for_each_map_elem(&values, each_past_value, &s, 0);
	return s.sum;
}

SEC("tc")
int state_uninitialised(struct __sk_buff *skb)
{
	struct sum_state s;

	bpf_loop(3, add, &s, 0);
	return s.sum;
}
