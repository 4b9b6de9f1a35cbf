/* Hash maps: flags, refusals, a full map, the three ways of having it per processor or forgetful. */
#include "run.h"

#define MAP(name, kind, size)                                                                                          \
	struct {                                                                                                       \
		__uint(type, kind);                                                                                    \
		__uint(max_entries, size);                                                                             \
		__type(key, u32);                                                                                      \
		__type(value, u64);                                                                                    \
	} name SEC(".maps")

MAP(small, BPF_MAP_TYPE_HASH, 3);
MAP(counts, BPF_MAP_TYPE_HASH, 64);
MAP(per_cpu, BPF_MAP_TYPE_PERCPU_HASH, 8);
MAP(recent, BPF_MAP_TYPE_LRU_HASH, 64);
MAP(recent_per_cpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, 64);

s64 out[24];

SEC("xdp")
int hash_flags(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u32 key = a;
	u64 value = b, *found;
	out[0] = bpf_map_update_elem(&small, &key, &value, BPF_EXIST);
	out[1] = bpf_map_update_elem(&small, &key, &value, BPF_NOEXIST);
	out[2] = bpf_map_update_elem(&small, &key, &value, BPF_NOEXIST);
	value++;
	out[3] = bpf_map_update_elem(&small, &key, &value, BPF_EXIST);
	found = bpf_map_lookup_elem(&small, &key);
	out[4] = found ? *found : -1;
	if (found)
		__sync_fetch_and_add(found, 100);
	key++;
	found = bpf_map_lookup_elem(&small, &key);
	out[5] = found != NULL;
	out[6] = bpf_map_delete_elem(&small, &key);
	for (int i = 0; i < 4; i++) {
		key = 1000 + i;
		out[7 + i] = bpf_map_update_elem(&small, &key, &value, BPF_ANY);
	}
	key = 1000;
	out[11] = bpf_map_delete_elem(&small, &key);
	out[12] = bpf_map_update_elem(&small, &key, &value, 4);
	out[13] = bpf_map_update_elem(&small, &key, &value, 3);
	return XDP_PASS;
}

SEC("xdp")
int hash_count(struct xdp_md *ctx)
{
	u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	for (int i = 0; i < 64; i++) {
		if (p + i + 1 > end)
			break;
		u32 key = p[i];
		u64 one = 1, *count = bpf_map_lookup_elem(&counts, &key);
		if (count)
			*count += 1;
		else
			bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	}
	return XDP_PASS;
}

SEC("xdp")
int hash_per_cpu(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u32 key = a & 7;
	u64 value = b, *found;
	out[16] = bpf_map_update_elem(&per_cpu, &key, &value, BPF_ANY);
	found = bpf_map_lookup_elem(&per_cpu, &key);
	if (found)
		*found += 1;
	found = bpf_map_lookup_percpu_elem(&per_cpu, &key, 0);
	out[17] = found ? *found : -1;
	out[18] = bpf_map_lookup_percpu_elem(&per_cpu, &key, 4096) != NULL;
	return XDP_PASS;
}

SEC("xdp")
int hash_lru(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	for (u32 i = 0; i < 8; i++) {
		u32 key = a + i;
		u64 value = b * i;
		out[19] = bpf_map_update_elem(&recent, &key, &value, BPF_ANY);
		out[20] = bpf_map_update_elem(&recent_per_cpu, &key, &value, BPF_NOEXIST);
	}
	u32 key = a + 3;
	u64 *found = bpf_map_lookup_elem(&recent, &key);
	out[21] = found ? *found : -1;
	out[22] = bpf_map_delete_elem(&recent, &key);
	out[23] = bpf_map_delete_elem(&recent, &key);
	return XDP_PASS;
}
