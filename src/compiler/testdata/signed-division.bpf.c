/* Signed division exists from instruction set v4 on: below it, this does not compile. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int divide(struct __sk_buff *skb)
{
	__s64 a = (__s64)skb->len - 1000, b = (__s32)skb->mark;

	return a / (b | 1) + (__s32)a % ((__s32)b | 1);
}

char LICENSE[] SEC("license") = "GPL";
