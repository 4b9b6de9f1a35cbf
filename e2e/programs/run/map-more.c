/* Maps: eviction, contents of per-CPU maps, errnos of odd calls. */
#include "run.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} fixed SEC(".maps");

s64 out[40];

SEC("xdp")
int per_cpu(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u32 key = a & 3;
	u64 *value = bpf_map_lookup_elem(&counters, &key);
	out[5] = value != NULL;
	if (value)
		*value += b;
	value = bpf_map_lookup_percpu_elem(&counters, &key, 0);
	out[6] = value ? *value : -1;
	out[7] = bpf_map_lookup_percpu_elem(&counters, &key, 100) != NULL;
	out[8] = bpf_map_update_elem(&counters, &key, &b, BPF_NOEXIST);
	out[9] = bpf_map_update_elem(&counters, &key, &a, BPF_EXIST);
	out[10] = bpf_map_delete_elem(&counters, &key);
	out[11] = bpf_map_update_elem(&counters, &key, &b, 77);
	value = bpf_map_lookup_elem(&fixed, &key);
	out[12] = value ? *value : -1;
	return XDP_PASS;
}

SEC("xdp")
int recent_few(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	for (int i = 0; i < 40; i++) {
		u32 index = i, value = i + b;
		bpf_map_update_elem(&recent, &index, &value, BPF_ANY);
	}
	u32 key = a & 63;
	out[13] = bpf_map_lookup_elem(&recent, &key) != NULL;
	out[14] = bpf_map_delete_elem(&recent, &key);
	out[15] = bpf_map_delete_elem(&recent, &key);
	out[16] = bpf_map_update_elem(&recent, &key, &key, BPF_EXIST);
	return XDP_PASS;
}
