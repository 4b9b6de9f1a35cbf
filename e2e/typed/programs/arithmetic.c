/* Bounds through shifts, division, signed and unsigned comparisons, in 32 and 64 bits. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u8 table[256];

SEC("tc")
int divided(struct __sk_buff *skb)
{
	return table[skb->len / 0x1000000];
}

SEC("tc")
int divided_by_variable(struct __sk_buff *skb)
{
	__u32 d = skb->mark;

	return d ? table[(skb->len / d) & 0xff] : 0;
}

SEC("tc")
int signed_shift(struct __sk_buff *skb)
{
	int v = skb->len;

	return table[(v >> 24) & 0x7f];
}

SEC("tc")
int signed_shift_unbounded(struct __sk_buff *skb)
{
	int v = skb->len;

	return table[v >> 24];
}

SEC("tc")
int minimum(struct __sk_buff *skb)
{
	__u32 i = skb->len;

	asm volatile("if %0 < 255 goto +1; %0 = 255" : "+r"(i));
	return table[i];
}

SEC("tc")
int multiplied(struct __sk_buff *skb)
{
	return table[(skb->mark & 15) * 17];
}

SEC("tc")
int multiplied_too_far(struct __sk_buff *skb)
{
	return table[(skb->mark & 15) * 18];
}

SEC("tc")
int subtracted(struct __sk_buff *skb)
{
	return table[255 - (skb->mark & 255)];
}

SEC("tc")
int subtracted_below_zero(struct __sk_buff *skb)
{
	return table[(skb->mark & 255) - 1];
}

SEC("tc")
int sign_extended(struct __sk_buff *skb)
{
	__s8 c = skb->mark;

	return c >= 0 ? table[c] : 0;
}

SEC("tc")
int byte_swapped(struct __sk_buff *skb)
{
	return table[bpf_ntohs((__u16)skb->protocol) & 255];
}

SEC("tc")
int difference_of_pointers(struct __sk_buff *skb)
{
	long n = (long)skb->data_end - (long)skb->data;

	return n >= 0 && n < 256 ? table[n] : 0;
}

SEC("tc")
int or_of_two(struct __sk_buff *skb)
{
	return table[(skb->mark & 0xf0) | (skb->len & 0x0f)];
}

SEC("tc")
int equal_only(struct __sk_buff *skb)
{
	__u32 i = skb->mark;

	return i == 9 || i == 200 ? table[i] : 0;
}

SEC("tc")
int remainder_signed(struct __sk_buff *skb)
{
	int v = skb->mark;

	return table[v % 16];
}
