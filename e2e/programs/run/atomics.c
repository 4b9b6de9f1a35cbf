/* Atomic operations on map memory and stack; each leaves the old value where it fetches. */
#include "run.h"

u64 out[48];
u64 cell64;
u32 cell32[2];

#define ON64(slot, text)                                                                                               \
	do {                                                                                                           \
		cell64 = a;                                                                                            \
		u64 *p_ = &cell64;                                                                                     \
		u64 r_;                                                                                                \
		asm volatile("r1 = %[p]; r2 = %[v]; r0 = %[c]; " text "; %[o] = r2;"                                   \
			     : [o] "=r"(r_)                                                                            \
			     : [p] "r"(p_), [v] "r"(b), [c] "r"(c)                                                     \
			     : "r0", "r1", "r2", "memory");                                                            \
		out[slot] = r_;                                                                                        \
		out[slot + 1] = *(volatile u64 *)p_;                                                                   \
	} while (0)

#define ON32(slot, text)                                                                                               \
	do {                                                                                                           \
		cell32[0] = a;                                                                                         \
		cell32[1] = 0xdeadbeef;                                                                                \
		u32 *p_ = cell32;                                                                                      \
		u64 r_;                                                                                                \
		asm volatile("r1 = %[p]; r2 = %[v]; r0 = %[c]; " text "; %[o] = r2;"                                   \
			     : [o] "=r"(r_)                                                                            \
			     : [p] "r"(p_), [v] "r"(b), [c] "r"(c)                                                     \
			     : "r0", "r1", "r2", "memory");                                                            \
		out[slot] = r_;                                                                                        \
		out[slot + 1] = *(volatile u64 *)p_;                                                                   \
	} while (0)

SEC("xdp")
int atomics(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 c = a;
	ON64(0, "lock *(u64 *)(r1 + 0) += r2");
	ON64(2, "lock *(u64 *)(r1 + 0) |= r2");
	ON64(4, "lock *(u64 *)(r1 + 0) &= r2");
	ON64(6, "lock *(u64 *)(r1 + 0) ^= r2");
	ON64(8, "r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)");
	ON64(10, "r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)");
	ON64(12, "r2 = atomic_fetch_and((u64 *)(r1 + 0), r2)");
	ON64(14, "r2 = atomic_fetch_xor((u64 *)(r1 + 0), r2)");
	ON64(16, "r2 = xchg_64(r1 + 0, r2)");
	ON64(18, "r0 = cmpxchg_64(r1 + 0, r0, r2); r2 = r0");
	ON32(20, "lock *(u32 *)(r1 + 0) += w2");
	ON32(22, "w2 = atomic_fetch_add((u32 *)(r1 + 0), w2)");
	ON32(24, "w2 = atomic_fetch_or((u32 *)(r1 + 0), w2)");
	ON32(26, "w2 = atomic_fetch_and((u32 *)(r1 + 0), w2)");
	ON32(28, "w2 = atomic_fetch_xor((u32 *)(r1 + 0), w2)");
	ON32(30, "w2 = xchg32_32(r1 + 0, w2)");
	ON32(32, "w0 = cmpxchg32_32(r1 + 0, w0, w2); r2 = r0");
	c = b;
	ON64(34, "r0 = cmpxchg_64(r1 + 0, r0, r2); r2 = r0");
	ON32(36, "w0 = cmpxchg32_32(r1 + 0, w0, w2); r2 = r0");
	out[38] = ASM2("*(u64 *)(r10 - 8) = r1; r1 = r2; r1 = atomic_fetch_add((u64 *)(r10 - 8), r1)");
	out[39] = ASM2("*(u64 *)(r10 - 8) = r1; lock *(u64 *)(r10 - 8) ^= r2; r1 = *(u64 *)(r10 - 8)");
	return XDP_PASS;
}
