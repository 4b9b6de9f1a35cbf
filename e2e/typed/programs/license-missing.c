/* No license at all: helpers for GPL programs are refused. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tc")
int free_helper(struct __sk_buff *skb)
{
	return bpf_get_prandom_u32() & 1;
}

SEC("tc")
int gpl_helper(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() & 1;
}

SEC("tc")
int gpl_printk(struct __sk_buff *skb)
{
	bpf_printk("x");
	return 0;
}

SEC("tp_btf/sched_switch")
int typed(__u64 *ctx)
{
	return 0;
}

SEC("tc")
int calls_kfunc(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}
