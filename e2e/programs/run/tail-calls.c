/* Tail calls: to a program, to an empty slot, past the end, and as often as the kernel allows. */
#include "run.h"

int chain(struct xdp_md *ctx);
int last(struct xdp_md *ctx);
int again(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int(void *));
} programs SEC(".maps") = { .values = { [0] = (void *)&chain, [1] = (void *)&last, [3] = (void *)&again } };

u64 out[8];

SEC("xdp")
int last(struct xdp_md *ctx)
{
	out[1]++;
	return 40 + (ctx->data_end - ctx->data);
}

SEC("xdp")
int chain(struct xdp_md *ctx)
{
	out[0]++;
	bpf_tail_call(ctx, &programs, 1);
	return 7;
}

SEC("xdp")
int again(struct xdp_md *ctx)
{
	out[2]++;
	bpf_tail_call(ctx, &programs, 3);
	return XDP_TX;
}

SEC("xdp")
int enter(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[3] = b;
	bpf_tail_call(ctx, &programs, a & 0xff);
	out[4]++;
	return XDP_DROP;
}
