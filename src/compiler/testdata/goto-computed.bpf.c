#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int states(struct __sk_buff *skb)
{
	__u32 n = skb->len & 31, acc = 1;

start:
	if (n == 0)
		goto done;
	if (n & 1)
		goto odd;
	acc += n;
	n -= 1;
	goto start;
odd:
	acc *= n;
	n -= 1;
	if (acc > 100000)
		goto overflow;
	goto start;
overflow:
	acc = 0;
done:
	return acc;
}

char LICENSE[] SEC("license") = "GPL";
