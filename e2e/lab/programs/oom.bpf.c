/* Memory is short: a program decides whether a task is killed. Its context holds pointers to structs of the kernel. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define LOOK_ON 0
#define KILL 1

char LICENSE[] SEC("license") = "GPL";

/* Fields are read through the pointers; the cgroup may be NULL; the kfunc gets a trusted pointer. */
SEC("oom/select")
int decides(struct oom_policy_ctx *ctx)
{
	struct task_struct *victim = ctx->victim;
	struct mem_cgroup *memcg = ctx->memcg;

	if (victim->pid == 1)
		return LOOK_ON;
	if (memcg && memcg->css.id == 1)
		return LOOK_ON;
	if (ctx->previous->tgid == victim->tgid && ctx->pages < 16)
		return KILL;
	return oom_policy_badness(victim) > 100 ? KILL : LOOK_ON;
}

#ifndef BEFORE_6_2 /* which brought these kfuncs */
SEC("oom/select")
int keeps(struct oom_policy_ctx *ctx)
{
	struct task_struct *task = bpf_task_acquire(ctx->victim);

	if (task)
		bpf_task_release(task);
	return LOOK_ON;
}
#endif

SEC("oom/select")
int not_compared(struct oom_policy_ctx *ctx)
{
	return ctx->memcg->css.id == 1;
}

SEC("oom/select")
int not_trusted(struct oom_policy_ctx *ctx)
{
	return oom_policy_badness(ctx->previous) > 100;
}

SEC("oom/select")
int half_a_pointer(struct oom_policy_ctx *ctx)
{
	return *(volatile __u32 *)&ctx->victim == 0;
}

SEC("oom/select")
int writes(struct oom_policy_ctx *ctx)
{
	ctx->victim->prio = 139;
	return LOOK_ON;
}

SEC("oom/select")
int another(struct oom_policy_ctx *ctx)
{
	ctx->victim = ctx->previous;
	return LOOK_ON;
}
