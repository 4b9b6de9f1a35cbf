/* 32-bit arithmetic: the upper half of the destination becomes zero. */
#include "run.h"

u64 out[40];

SEC("xdp")
int alu32(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[0] = ASM2("w1 += w2");
	out[1] = ASM2("w1 -= w2");
	out[2] = ASM2("w1 *= w2");
	out[3] = ASM2("w1 /= w2");
	out[4] = ASM2("w1 %%= w2");
	out[5] = ASM2("w1 &= w2");
	out[6] = ASM2("w1 |= w2");
	out[7] = ASM2("w1 ^= w2");
	out[8] = ASM2("w1 <<= w2");
	out[9] = ASM2("w1 >>= w2");
	out[10] = ASM2("w1 s>>= w2");
	out[11] = ASM2("w1 = -w1");
	out[12] = ASM2("w1 = w2");
	out[13] = ASM2("w1 += -1");
	out[14] = ASM2("w1 += 0x7fffffff");
	out[15] = ASM2("w1 -= -2147483648");
	out[16] = ASM2("w1 *= -3");
	out[17] = ASM2("w1 /= 7");
	out[18] = ASM2("w1 /= -7");
	out[19] = ASM2("w1 %%= 7");
	out[20] = ASM2("w1 %%= -7");
	out[21] = ASM2("w1 &= -256");
	out[22] = ASM2("w1 |= -2147483648");
	out[23] = ASM2("w1 ^= -1");
	out[24] = ASM2("w1 <<= 31");
	out[25] = ASM2("w1 >>= 31");
	out[26] = ASM2("w1 s>>= 31");
	out[27] = ASM2("w1 <<= 0");
	out[28] = ASM2("w1 = -1");
	out[29] = ASM2("w1 += w1");
	out[30] = ASM2("w1 *= w1");
	return XDP_PASS;
}
