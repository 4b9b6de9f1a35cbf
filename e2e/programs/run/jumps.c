/* Every conditional jump, 64 and 32 bits, register and immediate. */
#include "run.h"

u64 out64[24];
u64 out32[24];

SEC("xdp")
int jumps64(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out64[0] = TAKEN("r1 == r2");
	out64[1] = TAKEN("r1 != r2");
	out64[2] = TAKEN("r1 > r2");
	out64[3] = TAKEN("r1 >= r2");
	out64[4] = TAKEN("r1 < r2");
	out64[5] = TAKEN("r1 <= r2");
	out64[6] = TAKEN("r1 s> r2");
	out64[7] = TAKEN("r1 s>= r2");
	out64[8] = TAKEN("r1 s< r2");
	out64[9] = TAKEN("r1 s<= r2");
	out64[10] = TAKEN("r1 & r2");
	out64[11] = TAKEN("r1 == -1");
	out64[12] = TAKEN("r1 != -1");
	out64[13] = TAKEN("r1 > -2");
	out64[14] = TAKEN("r1 >= 0x7fffffff");
	out64[15] = TAKEN("r1 < -2147483648");
	out64[16] = TAKEN("r1 <= 5");
	out64[17] = TAKEN("r1 s> -1");
	out64[18] = TAKEN("r1 s>= 0");
	out64[19] = TAKEN("r1 s< -5");
	out64[20] = TAKEN("r1 s<= -2147483648");
	out64[21] = TAKEN("r1 & -2147483648");
	return XDP_PASS;
}

SEC("xdp")
int jumps32(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out32[0] = TAKEN("w1 == w2");
	out32[1] = TAKEN("w1 != w2");
	out32[2] = TAKEN("w1 > w2");
	out32[3] = TAKEN("w1 >= w2");
	out32[4] = TAKEN("w1 < w2");
	out32[5] = TAKEN("w1 <= w2");
	out32[6] = TAKEN("w1 s> w2");
	out32[7] = TAKEN("w1 s>= w2");
	out32[8] = TAKEN("w1 s< w2");
	out32[9] = TAKEN("w1 s<= w2");
	out32[10] = TAKEN("w1 & w2");
	out32[11] = TAKEN("w1 == -1");
	out32[12] = TAKEN("w1 != -1");
	out32[13] = TAKEN("w1 > -2");
	out32[14] = TAKEN("w1 >= 0x7fffffff");
	out32[15] = TAKEN("w1 < -2147483648");
	out32[16] = TAKEN("w1 <= 5");
	out32[17] = TAKEN("w1 s> -1");
	out32[18] = TAKEN("w1 s>= 0");
	out32[19] = TAKEN("w1 s< -5");
	out32[20] = TAKEN("w1 s<= -2147483648");
	out32[21] = TAKEN("w1 & -2147483648");
	return XDP_PASS;
}
