/* bpf_wq: work that may sleep. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct work {
	struct bpf_wq wq;
	__u64 done;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback_fn)(void *, int *, void *), unsigned int flags, void *aux__ign) __weak __ksym;

static int run_later(void *map, int *key, void *value)
{
	struct work *w = value;
	char c;

	w->done++;
	bpf_copy_from_user(&c, 1, NULL);
	return 0;
}

SEC("tc")
int wq_old_name(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct work *w = bpf_map_lookup_elem(&works, &key);

	if (!w || bpf_wq_init(&w->wq, &works, 0))
		return 0;
	bpf_wq_set_callback_impl(&w->wq, run_later, 0, NULL);
	return bpf_wq_start(&w->wq, 0);
}

SEC("tc")
int wq_new_name(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct work *w = bpf_map_lookup_elem(&works, &key);

	if (!w || bpf_wq_init(&w->wq, &works, 0))
		return 0;
	bpf_wq_set_callback(&w->wq, run_later, 0);
	return bpf_wq_start(&w->wq, 0);
}

SEC("tc")
int wq_unchecked(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct work *w = bpf_map_lookup_elem(&works, &key);

	return bpf_wq_start(&w->wq, 0);
}
