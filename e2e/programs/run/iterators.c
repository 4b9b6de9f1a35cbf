/* Open-coded number iterators and bpf_throw (kfuncs; 6.4 and 6.7 on). */
#include "run.h"

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

s64 out[16];

SEC("xdp")
int count(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct bpf_iter_num it;
	int *v;
	u64 sum = 0;
	out[0] = bpf_iter_num_new(&it, (int)a, (int)b);
	while ((v = bpf_iter_num_next(&it)))
		sum = sum * 31 + (u32)*v;
	bpf_iter_num_destroy(&it);
	out[1] = sum;
	out[2] = bpf_iter_num_new(&it, 5, 2);
	out[3] = bpf_iter_num_next(&it) != NULL;
	bpf_iter_num_destroy(&it);
	out[4] = bpf_iter_num_new(&it, -2147483648, 2147483647);
	out[5] = bpf_iter_num_next(&it) != NULL;
	bpf_iter_num_destroy(&it);
	return XDP_PASS;
}
