/* Shared by the programs that are run on real kernels: two operands from the packet, results in .bss. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

char _license[] SEC("license") = "GPL";

/* The packet's first 16 bytes, as two numbers. */
struct operands {
	u64 a, b;
};

#define OPERANDS(ctx)                                                                                                  \
	struct operands *operands_ = (void *)(long)(ctx)->data;                                                        \
	if ((void *)(operands_ + 1) > (void *)(long)(ctx)->data_end)                                                   \
		return XDP_ABORTED;                                                                                    \
	u64 a = operands_->a, b = operands_->b

/* `text` works on r1 (first a) and r2 (b); the value is what r1 holds then. */
#define ASM2(text)                                                                                                     \
	({                                                                                                             \
		u64 r_;                                                                                                \
		asm volatile("r1 = %[x]; r2 = %[y]; " text "; %[o] = r1;"                                              \
			     : [o] "=r"(r_)                                                                            \
			     : [x] "r"(a), [y] "r"(b)                                                                  \
			     : "r1", "r2", "r3", "memory");                                                            \
		r_;                                                                                                    \
	})

/* 1 when the jump is taken. */
#define TAKEN(condition) ASM2("r3 = 1; if " condition " goto 1f; r3 = 0; 1: r1 = r3")
