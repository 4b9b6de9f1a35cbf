#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { (void *)&one, (void *)&two },
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int (void *));
} jumps SEC(".maps");

SEC("xdp")
int pick(struct xdp_md *ctx)
{
	__u32 which = ctx->rx_queue_index & 1, slot = 3;
	void *map = bpf_map_lookup_elem(&outer, &which);
	__u64 *value;

	if (!map)
		return XDP_ABORTED;
	value = bpf_map_lookup_elem(map, &slot);
	if (value)
		*value += ctx->data_end - ctx->data;
	bpf_tail_call(ctx, &jumps, which);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
