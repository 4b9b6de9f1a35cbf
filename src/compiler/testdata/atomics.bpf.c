#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 counter, swapped, result;
__u32 flags;

SEC("xdp")
int ops(struct xdp_md *ctx)
{
	__u64 old;

	__sync_fetch_and_add(&counter, 1);
	__sync_fetch_and_or(&flags, ctx->rx_queue_index);
	__sync_fetch_and_and(&flags, 0xff);
	__sync_fetch_and_xor(&flags, 1);
#ifdef __BPF_FEATURE_ATOMIC_MEM_ST_TEST
	result = 1;
#endif
#if __BPF_CPU_VERSION__ >= 3
	old = __sync_fetch_and_sub(&counter, 3);
	result += __sync_lock_test_and_set(&swapped, old);
	result += __sync_val_compare_and_swap(&counter, old, ctx->data);
	result += __sync_fetch_and_or(&swapped, 8);
#else
	old = counter;
	result += old;
#endif
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
