/* Choosing a socket: sk_lookup and sk_reuseport. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} group SEC(".maps");

SEC("sk_lookup")
int assign(struct bpf_sk_lookup *ctx)
{
	__u32 key = 0;
	struct bpf_sock *sk;
	int err;

	if (ctx->local_port != 7777)
		return SK_PASS;
	sk = bpf_map_lookup_elem(&servers, &key);
	if (!sk)
		return SK_DROP;
	err = bpf_sk_assign(ctx, sk, 0);
	bpf_sk_release(sk);
	return err ? SK_DROP : SK_PASS;
}

SEC("sk_lookup")
int assign_leaked(struct bpf_sk_lookup *ctx)
{
	__u32 key = 1;
	struct bpf_sock *sk = bpf_map_lookup_elem(&servers, &key);

	if (sk)
		bpf_sk_assign(ctx, sk, 0);
	return SK_PASS;
}

SEC("sk_lookup")
int assign_null(struct bpf_sk_lookup *ctx)
{
	bpf_sk_assign(ctx, NULL, BPF_SK_LOOKUP_F_REPLACE);
	return SK_PASS;
}

SEC("sk_lookup")
int write_lookup_context(struct bpf_sk_lookup *ctx)
{
	ctx->local_port = 80;
	return SK_PASS;
}

SEC("sk_lookup")
int wrong_verdict(struct bpf_sk_lookup *ctx)
{
	return 2;
}

SEC("sk_reuseport")
int select(struct sk_reuseport_md *md)
{
	__u32 key = md->hash & 3;

	return bpf_sk_select_reuseport(md, &group, &key, 0) ? SK_DROP : SK_PASS;
}

SEC("sk_reuseport")
int select_by_data(struct sk_reuseport_md *md)
{
	__u8 *data = md->data;
	__u32 key;

	if (data + 9 > (__u8 *)md->data_end)
		return SK_DROP;
	key = data[8] & 3;
	bpf_sk_select_reuseport(md, &group, &key, 0);
	return SK_PASS;
}

SEC("sk_reuseport/migrate")
int migrate(struct sk_reuseport_md *md)
{
	return md->migrating_sk ? SK_PASS : SK_DROP;
}

SEC("sk_reuseport")
int select_wrong_map(struct sk_reuseport_md *md)
{
	__u32 key = 0;

	bpf_sk_select_reuseport(md, &servers, &key, 0);
	return SK_PASS;
}
