/* Signed division and modulo (cpu v4): by zero, and the smallest number by -1. */
#include "run.h"

u64 out[20];

SEC("xdp")
int signed_division(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[0] = ASM2("r1 s/= r2");
	out[1] = ASM2("r1 s%%= r2");
	out[2] = ASM2("w1 s/= w2");
	out[3] = ASM2("w1 s%%= w2");
	out[4] = ASM2("r1 s/= 7");
	out[5] = ASM2("r1 s%%= 7");
	out[6] = ASM2("r1 s/= -7");
	out[7] = ASM2("r1 s%%= -7");
	out[8] = ASM2("w1 s/= 7");
	out[9] = ASM2("w1 s%%= 7");
	out[10] = ASM2("w1 s/= -7");
	out[11] = ASM2("w1 s%%= -7");
	out[12] = ASM2("r1 s/= -1");
	out[13] = ASM2("r1 s%%= -1");
	out[14] = ASM2("w1 s/= -1");
	out[15] = ASM2("w1 s%%= -1");
	out[16] = ASM2("r1 s/= -2147483648");
	return XDP_PASS;
}
