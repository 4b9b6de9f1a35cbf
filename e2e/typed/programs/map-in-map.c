/* Inner maps, static and looked up; what must be checked. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &one, &two } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 4);
		__type(key, __u32);
		__type(value, __u32);
	});
} by_name SEC(".maps");

SEC("xdp")
int both_levels(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index & 1;
	void *map = bpf_map_lookup_elem(&outer, &key);
	__u64 *value;

	if (!map)
		return XDP_PASS;
	value = bpf_map_lookup_elem(map, &key);
	if (!value)
		return XDP_PASS;
	__sync_fetch_and_add(value, 1);
	return XDP_DROP;
}

SEC("xdp")
int inner_unchecked(struct xdp_md *ctx)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);

	return bpf_map_lookup_elem(map, &key) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int inner_value_unchecked(struct xdp_md *ctx)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&by_name, &key);
	__u32 *value;

	if (!map)
		return XDP_PASS;
	value = bpf_map_lookup_elem(map, &key);
	return *value;
}

SEC("xdp")
int inner_dereferenced(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u32 *map = bpf_map_lookup_elem(&outer, &key);

	return map ? *map : XDP_PASS;
}

SEC("xdp")
int outer_updated(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_update_elem(&outer, &key, &key, 0);
}
