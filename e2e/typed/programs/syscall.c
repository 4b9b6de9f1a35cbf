/* Programs of type syscall: their context is memory of one's own. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct args {
	__u64 in;
	__u64 out;
	__u32 n;
};

SEC("syscall")
int context_right(struct args *ctx)
{
	ctx->out = ctx->in * 2;
	return ctx->n > 10;
}

SEC("syscall")
int context_variable(struct args *ctx)
{
	__u32 i = ctx->n & 15;

	return ((__u8 *)ctx)[i];
}

SEC("syscall")
int context_far(struct args *ctx)
{
	return ((volatile __u8 *)ctx)[65536];
}

SEC("syscall")
int sleeps(struct args *ctx)
{
	char buf[16];

	return bpf_copy_from_user(buf, sizeof(buf), (void *)ctx->in);
}

SEC("syscall")
int sleeps_in_lock(struct args *ctx)
{
	char buf[16];
	long err;

	bpf_rcu_read_lock();
	err = bpf_copy_from_user(buf, sizeof(buf), (void *)ctx->in);
	bpf_rcu_read_unlock();
	return err;
}

SEC("syscall")
int sleeps_with_preemption_off(struct args *ctx)
{
	char buf[16];

	bpf_preempt_disable();
	bpf_copy_from_user(buf, sizeof(buf), (void *)ctx->in);
	bpf_preempt_enable();
	return 0;
}

SEC("syscall")
int preemption_left_off(struct args *ctx)
{
	bpf_preempt_disable();
	return 0;
}

SEC("syscall")
int interrupts(struct args *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	ctx->out = 1;
	bpf_local_irq_restore(&flags);
	return 0;
}

SEC("syscall")
int interrupts_left_off(struct args *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	return 0;
}

SEC("syscall")
int user_string(struct args *ctx)
{
	char buf[16];

	return bpf_copy_from_user_str(buf, sizeof(buf), (void *)ctx->in, 0);
}

SEC("syscall")
int throws(struct args *ctx)
{
	if (ctx->n > 100)
		bpf_throw(3);
	return 0;
}
