#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

struct slot {
	struct bpf_timer timer;
	struct bpf_spin_lock lock;
	int fired;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, struct slot);
} slots SEC(".maps");

static int on_timer(void *map, int *key, struct slot *slot)
{
	bpf_spin_lock(&slot->lock);
	slot->fired++;
	bpf_spin_unlock(&slot->lock);
	bpf_timer_start(&slot->timer, 1000000, 0);
	return 0;
}

SEC("tc")
int arm(struct __sk_buff *skb)
{
	int key = skb->ifindex;
	struct slot *slot = bpf_map_lookup_elem(&slots, &key);

	if (!slot)
		return 0;
	bpf_timer_init(&slot->timer, &slots, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&slot->timer, on_timer);
	bpf_timer_start(&slot->timer, 1000, 0);
	return slot->fired;
}

char LICENSE[] SEC("license") = "GPL";
