/* A struct_ops map: its type is looked up in the kernel's BTF. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct sock;
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	char name[16];
};

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/threshold")
__u32 threshold(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/window")
__u32 window(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/avoid")
void avoid(__u64 *ctx)
{
}

SEC(".struct_ops")
struct tcp_congestion_ops lab = {
	.ssthresh = (void *)threshold,
	.undo_cwnd = (void *)window,
	.cong_avoid = (void *)avoid,
	.name = "lab",
};
