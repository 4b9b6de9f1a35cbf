#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct packed {
	__u32 a : 3;
	__u32 b : 11;
	__s32 c : 7;
	__u64 d : 40;
	__u8 e : 1, f : 2;
} __attribute__((packed));

struct packed stored;

SEC("socket")
int fields(struct __sk_buff *skb)
{
	struct packed p = stored;

	p.a = skb->len;
	p.b += skb->mark;
	p.c -= 5;
	p.d = p.d << 3 | p.f;
	p.e ^= 1;
	stored = p;
	return p.c + p.b;
}

char LICENSE[] SEC("license") = "GPL";
