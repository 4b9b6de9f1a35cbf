/* Loops, calls within the program, global functions, callbacks, may_goto, long jumps. */
#include "run.h"

u64 out[16];
u64 visits[4];

static __noinline u64 fibonacci_step(u64 *pair)
{
	u64 next = pair[0] + pair[1];
	pair[0] = pair[1];
	pair[1] = next;
	return next;
}

__noinline u64 mix(u64 a, u64 b, u32 c, u16 d, u8 e)
{
	return (a ^ b) * 31 + c * 7 + d * 3 + e;
}

static __noinline int level3(int n)
{
	return n * 3 + 1;
}

static __noinline int level2(int n)
{
	return level3(n) ^ level3(n + 1);
}

static __noinline int level1(int n)
{
	volatile char deep[64];
	deep[n & 63] = n;
	return level2(n) + deep[n & 63];
}

struct sum {
	u64 total;
	u32 stop;
};

static long add_index(u32 index, struct sum *sum)
{
	sum->total += index;
	visits[index & 3]++;
	return index == sum->stop;
}

SEC("xdp")
int control_flow(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 pair[2] = { 0, 1 };
	for (u64 i = 0; i < (a & 63); i++)
		fibonacci_step(pair);
	out[0] = pair[0];
	out[1] = mix(a, b, a, b, a >> 8);
	out[2] = level1(b & 0xff);
	struct sum sum = { 0, b & 0xffff };
	out[3] = bpf_loop(a & 0x3ff, add_index, &sum, 0);
	out[4] = sum.total;
	out[5] = bpf_loop((1 << 23) + 1, add_index, &sum, 0);
	out[6] = bpf_loop(0, add_index, &sum, 0);
	return out[2] & 1 ? XDP_DROP : XDP_TX;
}

SEC("xdp")
int may_goto(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	(void)b;
	/* Counts up to a, or until may_goto's own limit. */
	u64 n = 0;
	asm volatile("r1 = %[a]; r0 = 0; 1: may_goto 2f; r0 += 1; if r0 < r1 goto 1b; 2: %[n] = r0;"
		     : [n] "=r"(n)
		     : [a] "r"(a & 0xfff)
		     : "r0", "r1");
	out[8] = n;
	return XDP_PASS;
}

SEC("xdp")
int long_jump(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	(void)b;
	out[9] = ASM2("if r1 > 100 goto 1f; gotol 2f; 1: r1 = 7; 2: r1 += 1");
	return XDP_PASS;
}
