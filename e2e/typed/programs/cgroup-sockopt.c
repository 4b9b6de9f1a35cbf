/* getsockopt and setsockopt: a window of memory with its own end. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} seen SEC(".maps");

SEC("cgroup/getsockopt")
int get_right(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval, *end = ctx->optval_end;

	if (ctx->level != 0xdead)
		return 1;
	if (optval + 1 > end)
		return 0;
	optval[0] = 0x55;
	ctx->optlen = 1;
	ctx->retval = 0;
	return 1;
}

SEC("cgroup/getsockopt")
int get_unchecked(struct bpf_sockopt *ctx)
{
	__u8 *optval = ctx->optval;

	optval[0] = 0x55;
	return 1;
}

SEC("cgroup/setsockopt")
int set_storage(struct bpf_sockopt *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	__u32 *count;

	if (!sk)
		return 1;
	count = bpf_sk_storage_get(&seen, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!count)
		return 0;
	return ++*count < 100;
}

SEC("cgroup/setsockopt")
int set_storage_no_null_check(struct bpf_sockopt *ctx)
{
	__u32 *count = bpf_sk_storage_get(&seen, ctx->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	return count ? ++*count < 100 : 1;
}

SEC("cgroup/setsockopt")
int set_retval_field(struct bpf_sockopt *ctx)
{
	ctx->retval = 0;
	return 1;
}

SEC("cgroup/getsockopt")
int write_level(struct bpf_sockopt *ctx)
{
	ctx->level = 1;
	return 1;
}

SEC("cgroup/setsockopt")
int set_returns_two(struct bpf_sockopt *ctx)
{
	return 2;
}
