/* Values guarded by a spin lock. */
#include "run.h"

struct counted {
	struct bpf_spin_lock lock;
	u32 count;
	u64 total;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct counted);
} locked SEC(".maps");

u64 out[4];

SEC("tc")
int with_lock(struct __sk_buff *skb)
{
	u32 key = skb->mark & 3;
	struct counted *c = bpf_map_lookup_elem(&locked, &key);
	if (!c)
		return TC_ACT_SHOT;
	bpf_spin_lock(&c->lock);
	c->count++;
	c->total += skb->len;
	bpf_spin_unlock(&c->lock);
	return c->count;
}

SEC("tc")
int locked_update(struct __sk_buff *skb)
{
	u32 key = 1;
	struct counted value = { .count = skb->mark, .total = 7 };
	out[0] = bpf_map_update_elem(&locked, &key, &value, BPF_F_LOCK);
	return 0;
}
