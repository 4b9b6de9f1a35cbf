/* Open-coded iterators: bpf_for, bpf_repeat, bpf_for_each; forgotten and misused ones. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u32 cells[32];

SEC("tc")
int with_bpf_for(struct __sk_buff *skb)
{
	int i, sum = 0;

	bpf_for(i, 0, skb->len)
		sum += cells[i & 31];
	return sum;
}

SEC("tc")
int with_bpf_for_constant(struct __sk_buff *skb)
{
	int i, sum = 0;

	bpf_for(i, 0, 32)
		sum += cells[i];
	return sum;
}

SEC("tc")
int with_bpf_for_too_far(struct __sk_buff *skb)
{
	int i, sum = 0;

	bpf_for(i, 0, 40)
		sum += ((volatile __u32 *)cells)[i];
	return sum;
}

SEC("tc")
int with_bpf_repeat(struct __sk_buff *skb)
{
	int n = 0;

	bpf_repeat(1000) {
		if (bpf_get_prandom_u32() == 7)
			break;
		n++;
	}
	return n;
}

SEC("tc")
int by_hand(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it)))
		sum += *v;
	bpf_iter_num_destroy(&it);
	return sum;
}

SEC("tc")
int never_destroyed(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it)))
		sum += *v;
	return sum;
}

SEC("tc")
int next_unchecked(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int v;

	bpf_iter_num_new(&it, 0, 10);
	v = *bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return v;
}

SEC("tc")
int never_begun(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *v = bpf_iter_num_next(&it);

	bpf_iter_num_destroy(&it);
	return v != 0;
}

SEC("tc")
int destroyed_twice(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("iter.s/task")
int tasks_in_iterator(struct bpf_iter__task *ctx)
{
	struct task_struct *pos, *cur = bpf_get_current_task_btf();
	int n = 0;

	bpf_rcu_read_lock();
	bpf_for_each(task, pos, NULL, 0)
		n += pos->pid == cur->pid;
	bpf_rcu_read_unlock();
	return n > 1;
}

SEC("iter.s/task")
int tasks_without_rcu(struct bpf_iter__task *ctx)
{
	struct task_struct *pos;
	int n = 0;

	bpf_for_each(task, pos, NULL, 0)
		n += pos->pid == 1;
	return n > 1;
}
