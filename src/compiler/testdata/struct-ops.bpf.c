#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
	u32 flags;
};

SEC("struct_ops/half")
u32 BPF_PROG(half, struct sock *sk)
{
	return sk->sk_priority / 2U;
}

SEC("struct_ops/nothing")
void BPF_PROG(nothing, struct sock *sk, u32 ack, u32 acked)
{
}

SEC("struct_ops/half")
u32 BPF_PROG(undo, struct sock *sk)
{
	return 10;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops plain = {
	.ssthresh = (void *)half,
	.cong_avoid = (void *)nothing,
	.undo_cwnd = (void *)undo,
	.name = "plain",
};

char LICENSE[] SEC("license") = "GPL";
