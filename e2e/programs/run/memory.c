/* Stores of every size, immediates too, aligned and not; bytes of a spilled number; big stack frames. */
#include "run.h"

u64 out[16];
u8 bytes[32];

SEC("xdp")
int memory(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[0] = ASM2("*(u64 *)(r10 - 16) = 0; *(u8 *)(r10 - 16) = r1; r1 = *(u64 *)(r10 - 16)");
	out[1] = ASM2("*(u64 *)(r10 - 16) = 0; *(u16 *)(r10 - 14) = r1; r1 = *(u64 *)(r10 - 16)");
	out[2] = ASM2("*(u64 *)(r10 - 16) = 0; *(u32 *)(r10 - 12) = r1; r1 = *(u64 *)(r10 - 16)");
	out[3] = ASM2("*(u64 *)(r10 - 16) = -1; *(u8 *)(r10 - 9) = 7; r1 = *(u64 *)(r10 - 16)");
	out[4] = ASM2("*(u64 *)(r10 - 16) = -2; *(u16 *)(r10 - 10) = 0x1234; r1 = *(u64 *)(r10 - 16)");
	out[5] = ASM2("*(u64 *)(r10 - 16) = -2147483648; *(u32 *)(r10 - 16) = -5; r1 = *(u64 *)(r10 - 16)");
	out[6] = ASM2("*(u64 *)(r10 - 512) = r2; r1 = *(u32 *)(r10 - 508)");
	u8 *p = bytes;
	for (int i = 0; i < 32; i++)
		p[i] = i * 17;
	out[7] = *(volatile u64 *)(p + 8);
	out[8] = *(volatile u32 *)(p + 4);
	*(volatile u16 *)(p + 2) = a;
	*(volatile u64 *)(p + 16) = b;
	u32 at = a & 15;
	p[at] ^= 0xff;
	out[9] = p[(b & 7) + at];
	return XDP_PASS;
}
