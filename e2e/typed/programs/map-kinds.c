/* Lookups, updates and deletions in maps of every common kind. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

struct lpm_key {
	__u32 prefixlen;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm_key);
	__type(value, __u32);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 8);
	__type(value, __u32);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, __u32);
} settings SEC(".maps");

SEC("tc")
int use_lru(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	__u64 one = 1, *n = bpf_map_lookup_elem(&recent, &key);

	if (n)
		*n += 1;
	else
		bpf_map_update_elem(&recent, &key, &one, BPF_ANY);
	return bpf_map_lookup_percpu_elem(&recent, &key, 0) != NULL;
}

SEC("tc")
int use_lpm(struct __sk_buff *skb)
{
	struct lpm_key key = { 32, bpf_htonl(0x0a000001) };
	__u32 *hop = bpf_map_lookup_elem(&routes, &key);

	return hop ? *hop : 0;
}

SEC("tc")
int lpm_key_half(struct __sk_buff *skb)
{
	struct lpm_key key;

	key.prefixlen = 32;
	return bpf_map_delete_elem(&routes, &key);
}

SEC("tc")
int use_queue(struct __sk_buff *skb)
{
	__u32 value = skb->len;

	bpf_map_push_elem(&queue, &value, BPF_EXIST);
	bpf_map_pop_elem(&queue, &value);
	bpf_map_peek_elem(&stack, &value);
	return value;
}

SEC("tc")
int lookup_in_queue(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&queue, &key) != NULL;
}

SEC("tc")
int push_to_hash(struct __sk_buff *skb)
{
	__u32 value = 0;

	return bpf_map_push_elem(&recent, &value, 0);
}

SEC("tc")
int read_only_read(struct __sk_buff *skb)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&settings, &key);

	return value ? *value : 0;
}

SEC("tc")
int read_only_written(struct __sk_buff *skb)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&settings, &key);

	if (value)
		*value = 1;
	return 0;
}

SEC("tc")
int read_only_updated(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_update_elem(&settings, &key, &key, 0);
}

SEC("tc")
int map_as_number(struct __sk_buff *skb)
{
	return *(volatile __u32 *)&recent;
}

SEC("tc")
int map_written(struct __sk_buff *skb)
{
	*(volatile __u32 *)&recent = 0;
	return 0;
}

SEC("tc")
int map_pointer_moved(struct __sk_buff *skb)
{
	__u32 key = 0;

	return bpf_map_delete_elem((void *)&recent + skb->mark, &key);
}

SEC("tc")
int value_as_key_of_other(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&recent, &key);

	return n && bpf_map_lookup_elem(&settings, n) ? 1 : 0;
}

SEC("tc")
int maybe_null_as_key(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&recent, &key);

	return bpf_map_lookup_elem(&settings, n) ? 1 : 0;
}
