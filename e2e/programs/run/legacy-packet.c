/* BPF_LD_ABS and BPF_LD_IND: network order, and an exit with 0 where the packet ends. */
#include "run.h"

SEC("socket")
int load_absolute(struct __sk_buff *skb)
{
	int r;
	asm volatile("r6 = %[skb]; r0 = *(u16 *)skb[12]; r7 = r0; r0 = *(u8 *)skb[23]; r7 <<= 8; r7 |= r0; %[r] = r7;"
		     : [r] "=r"(r)
		     : [skb] "r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7");
	return r;
}

SEC("socket")
int load_indirect(struct __sk_buff *skb)
{
	int r;
	asm volatile("r6 = %[skb]; r0 = *(u8 *)skb[14]; r0 &= 15; r0 <<= 2; r0 += 14; r7 = r0; r0 = *(u32 *)skb[r7]; %[r] = r0;"
		     : [r] "=r"(r)
		     : [skb] "r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7");
	return r;
}

SEC("socket")
int past_the_end(struct __sk_buff *skb)
{
	int r;
	asm volatile("r6 = %[skb]; r0 = *(u32 *)skb[2000]; r0 = 77; %[r] = r0;"
		     : [r] "=r"(r)
		     : [skb] "r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7");
	return r;
}

SEC("socket")
int fields(struct __sk_buff *skb)
{
	return skb->len + (skb->protocol << 16);
}
