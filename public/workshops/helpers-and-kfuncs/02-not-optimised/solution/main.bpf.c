#include "vmlinux.h"

#define SEC(name) __attribute__((section(name), used))

static inline __attribute__((always_inline)) __u64 now(void)
{
	register __u64 time asm("r0");

	asm volatile("call 5" : "=r"(time) : : "r1", "r2", "r3", "r4", "r5");
	return time;
}

__u64 last_packet;

SEC("xdp")
int stamp(struct xdp_md *ctx)
{
	last_packet = now();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
