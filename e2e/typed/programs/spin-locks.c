/* Spin locks: forgotten, nested, with calls in between. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct guarded {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct guarded);
} table SEC(".maps");

static __always_inline struct guarded *find(__u32 key)
{
	return bpf_map_lookup_elem(&table, &key);
}

SEC("tc")
int lock_right(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	g->n++;
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_kept(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	g->n++;
	return 0;
}

SEC("tc")
int lock_kept_on_one_path(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	if (g->n > 100)
		return 1;
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_around_helper(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	g->n = bpf_get_prandom_u32();
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_two(struct __sk_buff *skb)
{
	struct guarded *g = find(1), *h = find(2);

	if (!g || !h)
		return 0;
	bpf_spin_lock(&g->lock);
	bpf_spin_lock(&h->lock);
	h->n += g->n;
	bpf_spin_unlock(&h->lock);
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int unlock_other(struct __sk_buff *skb)
{
	struct guarded *g = find(1), *h = find(2);

	if (!g || !h)
		return 0;
	bpf_spin_lock(&g->lock);
	bpf_spin_unlock(&h->lock);
	return 0;
}

SEC("tc")
int unlock_only(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (g)
		bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_written(struct __sk_buff *skb)
{
	struct guarded *g = find(1);

	if (g)
		*(volatile __u32 *)&g->lock = 0;
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(lock_in_kprobe, int dfd)
{
	struct guarded *g = find(1);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	g->n++;
	bpf_spin_unlock(&g->lock);
	return 0;
}
