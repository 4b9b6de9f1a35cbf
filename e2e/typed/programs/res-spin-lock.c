/* Resilient spin locks: the result must be looked at. 6.16 and later. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct guarded {
	struct bpf_res_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guarded);
} table SEC(".maps");

static __always_inline struct guarded *find(void)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&table, &key);
}

SEC("tc")
int taken_right(struct __sk_buff *skb)
{
	struct guarded *g = find();

	if (!g || bpf_res_spin_lock(&g->lock))
		return 0;
	g->n++;
	bpf_res_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int result_ignored(struct __sk_buff *skb)
{
	struct guarded *g = find();

	if (!g)
		return 0;
	bpf_res_spin_lock(&g->lock);
	g->n++;
	bpf_res_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int never_unlocked(struct __sk_buff *skb)
{
	struct guarded *g = find();

	if (!g || bpf_res_spin_lock(&g->lock))
		return 0;
	g->n++;
	return 0;
}
