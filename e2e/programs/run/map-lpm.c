/* Longest prefix match. */
#include "run.h"

struct prefix {
	u32 length;
	u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, u32);
} routes SEC(".maps");

s64 out[16];

static long add(u8 w, u8 x, u8 y, u8 z, u32 length, u32 value)
{
	struct prefix key = { length, { w, x, y, z } };
	return bpf_map_update_elem(&routes, &key, &value, BPF_ANY);
}

SEC("xdp")
int lpm(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[0] = add(10, 0, 0, 0, 8, 1);
	out[1] = add(10, 1, 0, 0, 16, 2);
	out[2] = add(10, 1, 2, 0, 24, 3);
	out[3] = add(192, 168, 0, 0, 17, 4);
	out[4] = add(10, 1, 2, 3, 32, 5);
	out[5] = add(1, 2, 3, 4, 33, 6);
	if (b & 1)
		out[6] = add(0, 0, 0, 0, 0, 99);
	struct prefix key = { 32, { a, a >> 8, a >> 16, a >> 24 } };
	u32 *found = bpf_map_lookup_elem(&routes, &key);
	out[7] = found ? *found : -1;
	key.length = 20;
	found = bpf_map_lookup_elem(&routes, &key);
	out[8] = found ? *found : -1;
	key = (struct prefix){ 24, { 10, 1, 2, 0 } };
	out[9] = bpf_map_delete_elem(&routes, &key);
	out[10] = bpf_map_delete_elem(&routes, &key);
	key = (struct prefix){ 32, { 10, 1, 2, 9 } };
	found = bpf_map_lookup_elem(&routes, &key);
	out[11] = found ? *found : -1;
	return XDP_PASS;
}
