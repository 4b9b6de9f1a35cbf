/* Frames: too large, uninitialised, indexed, passed on. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int frame_uninitialised(struct __sk_buff *skb)
{
	volatile int a[4];

	return a[2];
}

SEC("tc")
int frame_helper_partly_written(struct __sk_buff *skb)
{
	struct { __u8 kind; __u32 value; } pair;

	pair.kind = 1;
	pair.value = 2;
	return bpf_skb_store_bytes(skb, 0, &pair, sizeof(pair), 0);
}

SEC("tc")
int frame_index_masked(struct __sk_buff *skb)
{
	volatile __u8 a[16] = {};

	a[skb->len & 15] = 1;
	return a[skb->mark & 15];
}

SEC("tc")
int frame_index_unbounded(struct __sk_buff *skb)
{
	volatile __u8 a[16] = {};

	return a[skb->mark];
}

SEC("tc")
int frame_index_too_far(struct __sk_buff *skb)
{
	volatile __u64 a[16] = {};

	return a[skb->mark & 31];
}

static __noinline int fills(char *to, __u32 n)
{
	for (__u32 i = 0; i < 16; i++)
		to[i] = n + i;
	return n;
}

SEC("tc")
int frame_passed_on(struct __sk_buff *skb)
{
	char a[16];

	fills(a, skb->len);
	return a[5];
}

SEC("tc")
int frame_passed_on_too_small(struct __sk_buff *skb)
{
	char a[8];

	fills(a, skb->len);
	return a[5];
}

static __noinline int deep3(volatile char *p)
{
	volatile char a[200];

	a[0] = p[0];
	a[p[0] & 127] = 1;
	return a[0];
}

static __noinline int deep2(volatile char *p)
{
	volatile char a[200];

	a[0] = p[0];
	return deep3(a) + a[0];
}

SEC("tc")
int frames_together_too_large(struct __sk_buff *skb)
{
	volatile char a[200];

	a[0] = skb->len;
	return deep2(a) + a[0];
}

static __noinline int *keeps_address(int n)
{
	volatile int a = n;

	return (int *)&a;
}

SEC("tc")
int returns_frame(struct __sk_buff *skb)
{
	return *(volatile int *)keeps_address(skb->len);
}
