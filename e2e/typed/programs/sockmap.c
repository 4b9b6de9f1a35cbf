/* Sockets in maps: sk_msg, sk_skb, sock_ops, and who may update them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} by_port SEC(".maps");

SEC("sockops")
int established(struct bpf_sock_ops *ops)
{
	__u32 port = ops->local_port;

	if (ops->op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		bpf_sock_hash_update(ops, &by_port, &port, BPF_ANY);
	bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
	return 0;
}

SEC("sockops")
int wrong_map_update(struct bpf_sock_ops *ops)
{
	__u32 port = ops->local_port;

	return bpf_sock_hash_update(ops, &peers, &port, BPF_ANY);
}

SEC("sockops")
int write_reply(struct bpf_sock_ops *ops)
{
	ops->reply = 10;
	ops->args[0] = 1;
	return 1;
}

SEC("sockops")
int write_op(struct bpf_sock_ops *ops)
{
	ops->op = 0;
	return 1;
}

SEC("sk_msg")
int message(struct sk_msg_md *msg)
{
	__u8 *data = msg->data, *end = msg->data_end;

	if (data + 4 > end)
		return SK_PASS;
	if (data[0] == 'Q')
		return SK_DROP;
	return bpf_msg_redirect_map(msg, &peers, data[1] & 15, BPF_F_INGRESS);
}

SEC("sk_msg")
int message_unchecked(struct sk_msg_md *msg)
{
	__u8 *data = msg->data;

	return data[0] == 'Q' ? SK_DROP : SK_PASS;
}

SEC("sk_msg")
int message_stale(struct sk_msg_md *msg)
{
	__u8 *data = msg->data, *end = msg->data_end;

	if (data + 4 > end)
		return SK_PASS;
	bpf_msg_pull_data(msg, 0, 64, 0);
	return data[0] == 'Q' ? SK_DROP : SK_PASS;
}

SEC("sk_skb/stream_parser")
int parser(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("sk_skb/stream_verdict")
int verdict(struct __sk_buff *skb)
{
	__u32 key = skb->local_port;

	return bpf_sk_redirect_hash(skb, &by_port, &key, 0);
}

SEC("tc")
int lookup_in_sockmap(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct bpf_sock *sk = bpf_map_lookup_elem(&peers, &key);

	if (!sk)
		return 0;
	int family = sk->family;
	bpf_sk_release(sk);
	return family == 2;
}

SEC("tc")
int lookup_in_sockmap_leaked(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct bpf_sock *sk = bpf_map_lookup_elem(&peers, &key);

	return sk ? sk->family == 2 : 0;
}

SEC("sockops")
int header_option(struct bpf_sock_ops *ops)
{
	struct { __u8 kind, len; __u16 value; } opt = { 253, 4, 7 };

	if (ops->op == BPF_SOCK_OPS_WRITE_HDR_OPT_CB)
		bpf_store_hdr_opt(ops, &opt, sizeof(opt), 0);
	else if (ops->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB)
		bpf_reserve_hdr_opt(ops, 4, 0);
	return 1;
}
