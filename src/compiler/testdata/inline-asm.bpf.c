#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("socket")
int by_hand(struct __sk_buff *skb)
{
	__u64 a = skb->len, b;

	asm volatile("%[b] = %[a]; %[b] <<= 3; if %[b] > 64 goto +1; %[b] += 7" : [b] "=r"(b) : [a] "r"(a));
	asm volatile("r1 = %[a]\n\tcall 7\n\t%[b] ^= r0" : [b] "+r"(b) : [a] "ri"(5) : "r0", "r1", "r2", "r3", "r4", "r5");
	asm volatile("%[a] = be16 %[a]" : [a] "+r"(a));
	asm volatile("" ::: "memory");
	return a + b;
}

SEC("socket")
__attribute__((naked)) int naked(void)
{
	asm volatile("r0 = 0;			\
		*(u64 *)(r10 - 8) = r0;		\
		r2 = r10;			\
		r2 += -8;			\
		r0 = *(u32 *)(r2 + 0);		\
		exit;" ::: "r0", "r2");
}

char LICENSE[] SEC("license") = "GPL";
