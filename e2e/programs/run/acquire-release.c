/* Load-acquire and store-release of every size. */
#include "run.h"

u64 out[12];
u64 cell;

SEC("xdp")
int acquire_release(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 *p = &cell;
	cell = a;
	out[0] = __atomic_load_n((u8 *)p, __ATOMIC_ACQUIRE);
	out[1] = __atomic_load_n((u16 *)p, __ATOMIC_ACQUIRE);
	out[2] = __atomic_load_n((u32 *)p, __ATOMIC_ACQUIRE);
	out[3] = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	__atomic_store_n((u8 *)p, (u8)b, __ATOMIC_RELEASE);
	out[4] = *(volatile u64 *)p;
	__atomic_store_n((u16 *)p, (u16)b, __ATOMIC_RELEASE);
	out[5] = *(volatile u64 *)p;
	__atomic_store_n((u32 *)p, (u32)b, __ATOMIC_RELEASE);
	out[6] = *(volatile u64 *)p;
	__atomic_store_n(p, b, __ATOMIC_RELEASE);
	out[7] = *(volatile u64 *)p;
	return XDP_PASS;
}
