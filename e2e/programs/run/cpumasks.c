/* CPU masks on a machine with one processor; numbers of bits. */
#include "run.h"

struct cpumask { int bits; };
struct bpf_cpumask { struct cpumask cpumask; };
struct bpf_iter_bits { u64 opaque[2]; } __attribute__((aligned(8)));

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern u32 bpf_cpumask_first(const struct cpumask *mask) __ksym;
extern u32 bpf_cpumask_first_zero(const struct cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_setall(struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_empty(const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_full(const struct cpumask *mask) __ksym;
extern u32 bpf_cpumask_weight(const struct cpumask *mask) __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *bits, u32 words) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

s64 out[32];


SEC("syscall")
int masks(struct operands *ctx)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	if (!mask)
		return 1;
	u32 cpu = ctx->a;
	out[0] = bpf_cpumask_empty((struct cpumask *)mask);
	out[1] = bpf_cpumask_first((struct cpumask *)mask);
	bpf_cpumask_set_cpu(cpu, mask);
	out[2] = bpf_cpumask_test_cpu(cpu, (struct cpumask *)mask);
	out[3] = bpf_cpumask_weight((struct cpumask *)mask);
	out[4] = bpf_cpumask_first((struct cpumask *)mask);
	out[5] = bpf_cpumask_full((struct cpumask *)mask);
	out[6] = bpf_cpumask_test_and_set_cpu(cpu, mask);
	bpf_cpumask_clear_cpu(cpu, mask);
	out[7] = bpf_cpumask_empty((struct cpumask *)mask);
	bpf_cpumask_setall(mask);
	out[8] = bpf_cpumask_weight((struct cpumask *)mask);
	out[9] = bpf_cpumask_first_zero((struct cpumask *)mask);
	bpf_cpumask_release(mask);
	return 0;
}

SEC("syscall")
int bits(struct operands *ctx)
{
	struct bpf_iter_bits it;
	u64 words[2] = { ctx->a, ctx->b };
	int *bit, count = 0;
	u64 sum = 0;
	out[10] = bpf_iter_bits_new(&it, words, ctx->a == 99 ? 0 : 2);
	while ((bit = bpf_iter_bits_next(&it))) {
		sum += *bit;
		count++;
	}
	bpf_iter_bits_destroy(&it);
	out[11] = count;
	out[12] = sum;
	return 0;
}
