/* bswap (cpu v4), and the conversions to little and big endian. */
#include "run.h"

u64 out[10];

SEC("xdp")
int byte_order(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	(void)b;
	out[0] = ASM2("r1 = bswap16 r1");
	out[1] = ASM2("r1 = bswap32 r1");
	out[2] = ASM2("r1 = bswap64 r1");
	out[3] = ASM2("r1 = be16 r1");
	out[4] = ASM2("r1 = be32 r1");
	out[5] = ASM2("r1 = be64 r1");
	out[6] = ASM2("r1 = le16 r1");
	out[7] = ASM2("r1 = le32 r1");
	out[8] = ASM2("r1 = le64 r1");
	return XDP_PASS;
}
