/* A hash map without max_entries: the loader asks for one entry here. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
} unsized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} unsized_array SEC(".maps");

SEC("tc")
int uses(struct __sk_buff *skb)
{
	__u32 key = 5, *v = bpf_map_lookup_elem(&unsized_array, &key);
	return bpf_map_delete_elem(&unsized, &key) + (v ? *v : 0);
}
