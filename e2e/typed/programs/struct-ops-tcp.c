/* A TCP congestion control in BPF. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops")
void BPF_PROG(simple_init, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	tp->snd_cwnd = 10;
}

SEC("struct_ops")
__u32 BPF_PROG(simple_ssthresh, struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;

	return tp->snd_cwnd > 4 ? tp->snd_cwnd / 2 : 2;
}

SEC("struct_ops")
void BPF_PROG(simple_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
	tcp_reno_cong_avoid(sk, ack, acked);
}

SEC("struct_ops")
__u32 BPF_PROG(simple_undo, struct sock *sk)
{
	return ((struct tcp_sock *)sk)->snd_cwnd;
}

SEC("struct_ops")
void BPF_PROG(writes_state, struct sock *sk, __u8 state)
{
	((struct tcp_sock *)sk)->snd_nxt = 0;
}

SEC(".struct_ops")
struct tcp_congestion_ops simple = {
	.init = (void *)simple_init,
	.ssthresh = (void *)simple_ssthresh,
	.cong_avoid = (void *)simple_cong_avoid,
	.undo_cwnd = (void *)simple_undo,
	.set_state = (void *)writes_state,
	.name = "bpf_simple",
};
