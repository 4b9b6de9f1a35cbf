/* bpf_timer and bpf_wq in map values. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define CLOCK_MONOTONIC 1

struct elem {
	struct bpf_timer timer;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct elem);
} elems SEC(".maps");

static int fired(void *map, __u32 *key, struct elem *e)
{
	e->count++;
	bpf_timer_start(&e->timer, 1000000, 0);
	return 0;
}

static int fired_returns_one(void *map, __u32 *key, struct elem *e)
{
	return 1;
}

static __always_inline struct elem *elem(void)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&elems, &key);
}

SEC("tc")
int timer_right(struct __sk_buff *skb)
{
	struct elem *e = elem();

	if (!e)
		return 0;
	if (bpf_timer_init(&e->timer, &elems, CLOCK_MONOTONIC) == 0)
		bpf_timer_set_callback(&e->timer, fired);
	return bpf_timer_start(&e->timer, 0, 0);
}

SEC("tc")
int timer_callback_returns_one(struct __sk_buff *skb)
{
	struct elem *e = elem();

	return e ? bpf_timer_set_callback(&e->timer, fired_returns_one) : 0;
}

SEC("tc")
int timer_on_stack(struct __sk_buff *skb)
{
	struct bpf_timer t = {};

	return bpf_timer_init(&t, &elems, CLOCK_MONOTONIC);
}

SEC("tc")
int timer_wrong_offset(struct __sk_buff *skb)
{
	struct elem *e = elem();

	return e ? bpf_timer_cancel((struct bpf_timer *)&e->count) : 0;
}

SEC("tc")
int timer_read(struct __sk_buff *skb)
{
	struct elem *e = elem();

	return e ? *(volatile __u32 *)&e->timer : 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(timer_in_kprobe, int dfd)
{
	struct elem *e = elem();

	return e ? bpf_timer_start(&e->timer, 0, 0) : 0;
}

SEC("tc")
int timer_unchecked(struct __sk_buff *skb)
{
	return bpf_timer_start(&elem()->timer, 0, 0);
}
