/* Timers and work items are set up; when they run is not compared. */
#include "run.h"

struct entry {
	u64 count;
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct entry);
} entries SEC(".maps");

s64 out[16];

static int fire(void *map, u32 *key, struct entry *entry)
{
	return 0;
}

SEC("tc")
int timers(struct __sk_buff *skb)
{
	u32 key = skb->mark & 1;
	struct entry *entry = bpf_map_lookup_elem(&entries, &key);
	if (!entry)
		return TC_ACT_SHOT;
	out[0] = bpf_timer_cancel(&entry->timer);
	out[1] = bpf_timer_start(&entry->timer, 1000, 0);
	out[2] = bpf_timer_set_callback(&entry->timer, fire);
	out[3] = bpf_timer_init(&entry->timer, &entries, 5);
	out[4] = bpf_timer_init(&entry->timer, &entries, 1);
	out[5] = bpf_timer_init(&entry->timer, &entries, 1);
	out[6] = bpf_timer_start(&entry->timer, 1000, 0);
	out[7] = bpf_timer_set_callback(&entry->timer, fire);
	out[8] = bpf_timer_start(&entry->timer, 100000000000, 8);
	out[9] = bpf_timer_start(&entry->timer, 100000000000, 0);
	out[10] = bpf_timer_cancel(&entry->timer);
	out[11] = bpf_timer_cancel(&entry->timer);
	entry->count++;
	return TC_ACT_OK;
}
