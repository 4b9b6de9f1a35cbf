/* Static and global functions: what a caller's knowledge is worth in each. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define __arg_nonnull __attribute((btf_decl_tag("arg:nonnull")))
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_trusted __attribute((btf_decl_tag("arg:trusted")))
#define __arg_nullable __attribute((btf_decl_tag("arg:nullable")))

struct pair {
	__u32 a, b;
};

static __noinline int local(struct pair *p)
{
	return p->a + p->b;
}

__noinline int global_checks(struct pair *p)
{
	return p ? p->a + p->b : 0;
}

__noinline int global_trusts(struct pair *p)
{
	return p->a;
}

__noinline int global_nonnull(struct pair *p __arg_nonnull)
{
	return p->b;
}

__noinline int global_context(struct __sk_buff *skb)
{
	return skb->len;
}

__noinline int global_any_context(void *ctx __arg_ctx)
{
	struct __sk_buff *skb = ctx;
	return skb->mark;
}

__noinline int global_void_pointer(void *p)
{
	return p != 0;
}

__noinline int global_bounded(int n)
{
	volatile __u8 a[8] = {};
	return a[n];
}

__noinline int global_returns_anything(int n)
{
	return n * 3;
}

__noinline int global_task(struct task_struct *t __arg_trusted __arg_nullable)
{
	return t ? t->pid : 0;
}

SEC("tc")
int calls_local(struct __sk_buff *skb)
{
	struct pair p = { skb->len, 1 };
	return local(&p);
}

SEC("tc")
int calls_global(struct __sk_buff *skb)
{
	struct pair p = { skb->len, 1 };
	return global_checks(&p) + global_checks(NULL);
}

SEC("tc")
int calls_trusting(struct __sk_buff *skb)
{
	struct pair p = { skb->len, 1 };
	return global_trusts(&p);
}

SEC("tc")
int calls_nonnull(struct __sk_buff *skb)
{
	struct pair p = { skb->len, 1 };
	return global_nonnull(&p);
}

SEC("tc")
int calls_nonnull_with_null(struct __sk_buff *skb)
{
	return global_nonnull(NULL);
}

SEC("tc")
int calls_context(struct __sk_buff *skb)
{
	return global_context(skb) + global_any_context(skb);
}

SEC("tc")
int calls_context_with_stack(struct __sk_buff *skb)
{
	struct __sk_buff copy = {};
	return global_context(&copy);
}

SEC("tc")
int calls_void_pointer(struct __sk_buff *skb)
{
	return global_void_pointer(skb);
}

SEC("tc")
int calls_bounded(struct __sk_buff *skb)
{
	return global_bounded(3);
}

SEC("tc")
int bounds_forgotten(struct __sk_buff *skb)
{
	volatile __u8 a[8] = {};
	return a[global_returns_anything(1)];
}

SEC("tc")
int too_small_object(struct __sk_buff *skb)
{
	__u32 half = 1;
	return global_checks((struct pair *)&half);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(calls_with_task, struct task_struct *task)
{
	return global_task(task) + global_task(NULL);
}

SEC("tc")
int calls_task_in_tc(struct __sk_buff *skb)
{
	return global_task(NULL);
}
