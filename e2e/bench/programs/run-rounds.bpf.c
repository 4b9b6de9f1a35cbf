// Programs that run long: arithmetic alone, and packet, stack and map.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} slots SEC(".maps");

static long step(__u32 i, __u64 *sum)
{
	*sum = *sum * 31 + i;
	*sum ^= *sum >> 7;
	return 0;
}

SEC("xdp")
int arithmetic(struct xdp_md *ctx)
{
	__u64 sum = 0;

	bpf_loop(200000, step, &sum, 0);
	return sum & 1 ? XDP_PASS : XDP_TX;
}

static long touch(__u32 i, struct xdp_md **ctx)
{
	__u8 *data = (void *)(long)(*ctx)->data;
	__u8 *end = (void *)(long)(*ctx)->data_end;
	__u32 key;
	__u64 *slot;

	if (data + 64 > end)
		return 1;
	key = data[i & 63] & 63;
	slot = bpf_map_lookup_elem(&slots, &key);
	if (slot)
		*slot += i;
	return 0;
}

SEC("xdp")
int packet_and_map(struct xdp_md *ctx)
{
	bpf_loop(50000, touch, &ctx, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
