/* Queue, stack and Bloom filter. */
#include "run.h"

#define LIST(name, kind)                                                                                               \
	struct {                                                                                                       \
		__uint(type, kind);                                                                                    \
		__uint(max_entries, 4);                                                                                \
		__type(value, u64);                                                                                    \
	} name SEC(".maps")

LIST(queue, BPF_MAP_TYPE_QUEUE);
LIST(stack, BPF_MAP_TYPE_STACK);

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, u32);
} filter SEC(".maps");

s64 out[40];
u32 wanted;

SEC("xdp")
int queues(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 value = 0;
	out[0] = bpf_map_pop_elem(&queue, &value);
	out[1] = bpf_map_peek_elem(&stack, &value);
	for (int i = 0; i < 6; i++) {
		value = a + i;
		out[2 + i] = bpf_map_push_elem(&queue, &value, 0);
		out[8 + i] = bpf_map_push_elem(&stack, &value, 0);
	}
	value = b;
	out[14] = bpf_map_push_elem(&queue, &value, BPF_EXIST);
	out[15] = bpf_map_push_elem(&stack, &value, BPF_EXIST);
	out[16] = bpf_map_push_elem(&stack, &value, BPF_NOEXIST);
	out[17] = bpf_map_peek_elem(&queue, &value);
	out[18] = value;
	out[19] = bpf_map_pop_elem(&queue, &value);
	out[20] = value;
	out[21] = bpf_map_peek_elem(&stack, &value);
	out[22] = value;
	out[23] = bpf_map_pop_elem(&stack, &value);
	out[24] = value;
	return XDP_PASS;
}

SEC("xdp")
int bloom(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	/* Not on the stack: 7.2 takes a slot that only bpf_map_peek_elem() reads for dead, and refuses. */
	wanted = a;
	out[30] = bpf_map_peek_elem(&filter, &wanted);
	out[31] = bpf_map_push_elem(&filter, &wanted, 0);
	out[32] = bpf_map_peek_elem(&filter, &wanted);
	wanted = b;
	out[33] = bpf_map_push_elem(&filter, &wanted, BPF_EXIST);
	return XDP_PASS;
}
