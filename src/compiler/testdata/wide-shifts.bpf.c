#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 high, low;

SEC("socket")
int wide(struct __sk_buff *skb)
{
	unsigned __int128 x = ((unsigned __int128)skb->len << 64) | skb->mark;

	x += (unsigned __int128)skb->hash << 17;
	x ^= x << 5;
	x -= x >> 77;
	high = x >> 64;
	low = (__u64)x;
	return (x >> 100) != 0 ? 1 : x > ((unsigned __int128)1 << 70);
}

char LICENSE[] SEC("license") = "GPL";
