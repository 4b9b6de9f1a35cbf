/* bpf_throw from below (6.7 on): the program ends with the cookie. */
#include "run.h"

extern void bpf_throw(u64 cookie) __ksym;

u64 out[4];

static __noinline int check(u64 a)
{
	out[0]++;
	if (a > 100)
		bpf_throw(a);
	out[1]++;
	return a;
}

SEC("tc")
int throwing(struct __sk_buff *skb)
{
	int sum = check(skb->mark);
	sum += check(skb->len);
	out[2] = sum;
	return sum;
}
