/* Arrays: bounds, flags, per processor, maps in maps, programs' own variables. */
#include "run.h"

struct pair {
	u32 left;
	u64 right;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} per_cpu SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &inner_a, [2] = &inner_b } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer_hash SEC(".maps") = { .values = { [0] = &inner_b, [1] = &inner_a } };

s64 out[24];
const volatile u32 step = 5;
u64 initialised = 0x1122334455667788;
static u32 hidden = 9;
const u8 table[] = { 3, 1, 4, 1, 5, 9, 2, 6 };

SEC("xdp")
int array_access(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct pair value = { a, b }, *found;
	u32 key = a & 7;
	out[0] = bpf_map_update_elem(&pairs, &key, &value, BPF_ANY);
	out[1] = bpf_map_update_elem(&pairs, &key, &value, BPF_NOEXIST);
	out[2] = bpf_map_delete_elem(&pairs, &key);
	found = bpf_map_lookup_elem(&pairs, &key);
	out[3] = found ? found->right : -1;
	if (found)
		found->left ^= 0xffff;
	key = 1;
	u32 *mine = bpf_map_lookup_elem(&per_cpu, &key);
	if (mine)
		*mine += b;
	return XDP_PASS;
}

SEC("xdp")
int map_in_map(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u32 key = a & 3, inner_key = b & 3;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	out[4] = inner != NULL;
	if (inner) {
		u64 *cell = bpf_map_lookup_elem(inner, &inner_key);
		out[5] = cell != NULL;
		if (cell)
			*cell += a;
	}
	inner = bpf_map_lookup_elem(&outer_hash, &key);
	out[6] = inner != NULL;
	if (inner)
		out[7] = bpf_map_update_elem(inner, &inner_key, &b, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp")
int variables(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	hidden += step;
	initialised = (initialised << 8) | (b & 0xff);
	out[8] = hidden;
	out[9] = initialised;
	out[10] = table[a & 7];
	return XDP_PASS;
}

static long visit(void *map, u32 *key, struct pair *value, u64 *context)
{
	*context = *context * 10 + *key + value->left;
	return *key == 2;
}

SEC("xdp")
int each_element(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 context = b & 0xff;
	u32 key = 1;
	struct pair value = { a & 3, b };
	bpf_map_update_elem(&pairs, &key, &value, BPF_ANY);
	out[11] = bpf_for_each_map_elem(&pairs, visit, &context, 0);
	out[12] = context;
	return XDP_PASS;
}
