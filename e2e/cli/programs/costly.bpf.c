#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64[64]);
	__uint(max_entries, 1);
} table SEC(".maps");

SEC("xdp")
int costly(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *end = (void *)(long)ctx->data_end;
	__u64 sum = 0;

	for (int i = 0; i < 100; i++) {
		if (data + i + 1 > end)
			break;
		sum = sum * 3 + data[i];
	}
	return sum == 77 ? XDP_DROP : XDP_PASS;
}

/* From 6.15 on the verifier knows that a constant key of an array is always found. */
SEC("xdp")
int unasked(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *slots = bpf_map_lookup_elem(&table, &zero);

	slots[ctx->rx_queue_index & 63] += 1;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
