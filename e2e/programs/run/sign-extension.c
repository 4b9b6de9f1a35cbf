/* Sign-extending moves and loads (cpu v4), and the zero-extending loads beside them. */
#include "run.h"

u64 out[20];

SEC("xdp")
int sign_extension(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[0] = ASM2("r1 = (s8)r2");
	out[1] = ASM2("r1 = (s16)r2");
	out[2] = ASM2("r1 = (s32)r2");
	out[3] = ASM2("w1 = (s8)w2");
	out[4] = ASM2("w1 = (s16)w2");
	out[5] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s8 *)(r10 - 8)");
	out[6] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s16 *)(r10 - 8)");
	out[7] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s32 *)(r10 - 8)");
	out[8] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(u8 *)(r10 - 8)");
	out[9] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(u16 *)(r10 - 8)");
	out[10] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(u32 *)(r10 - 8)");
	out[11] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s8 *)(r10 - 1)");
	out[12] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s16 *)(r10 - 2)");
	out[13] = ASM2("*(u64 *)(r10 - 8) = r2; r1 = *(s32 *)(r10 - 4)");
	return XDP_PASS;
}
