/* cond_break by way of may_goto, and can_loop in a condition. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define can_loop_again                                                     \
	({                                                                     \
		__label__ l_out, l_go;                                             \
		bool more = true;                                                  \
		asm volatile goto("may_goto %l[l_out]" ::: : l_out);               \
		goto l_go;                                                         \
	l_out:                                                                 \
		more = false;                                                      \
	l_go:;                                                                 \
		more;                                                              \
	})

__u32 numbers[1000];
volatile __u32 stop;

SEC("syscall")
int sums_numbers(void *ctx)
{
	__u32 sum = 0;

	for (int i = 0; i < 1000 && can_loop_again; i++)
		sum += numbers[i];
	return sum & 0xff;
}

SEC("syscall")
int waits(void *ctx)
{
	__u32 n = 0;

	while (!stop && can_loop_again)
		n++;
	return n;
}

SEC("syscall")
int index_unbounded(void *ctx)
{
	__u32 sum = 0;

	for (__u32 i = 0; can_loop_again; i++)
		sum += ((volatile __u32 *)numbers)[i];
	return sum;
}
