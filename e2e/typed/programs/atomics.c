/* Atomic operations on map values, globals, the stack, and where they are not allowed. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

__u64 counter;
__u32 small;

SEC("tc")
int adds(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&counter, 1);
	return __sync_fetch_and_or(&counter, skb->len) & 1;
}

SEC("tc")
int exchanges(struct __sk_buff *skb)
{
	__u64 old = __sync_lock_test_and_set(&counter, 5);

	return __sync_val_compare_and_swap(&counter, 5, old);
}

SEC("tc")
int on_stack(struct __sk_buff *skb)
{
	volatile __u64 n = 3;

	__sync_fetch_and_add(&n, skb->len);
	return n;
}

SEC("tc")
int on_context(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&skb->mark, 1);
	return 0;
}

SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	__u32 *data = (void *)(long)ctx->data;

	if ((void *)(data + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	__sync_fetch_and_add(data, 1);
	return XDP_PASS;
}

SEC("tc")
int thirty_two_bits(struct __sk_buff *skb)
{
	return __sync_fetch_and_add(&small, 1);
}

SEC("tc")
int fetched_as_index(struct __sk_buff *skb)
{
	static __u8 cells[16];

	return cells[__sync_fetch_and_add(&small, 1) & 15];
}
