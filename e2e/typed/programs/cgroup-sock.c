/* Hooks on sockets: creation, connect, bind, addresses; which fields may be written. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/sock_create")
int only_tcp(struct bpf_sock *sk)
{
	sk->mark = 5;
	return sk->type == SOCK_STREAM;
}

SEC("cgroup/sock_create")
int write_family(struct bpf_sock *sk)
{
	sk->family = 2;
	return 1;
}

SEC("cgroup/post_bind4")
int port_range(struct bpf_sock *sk)
{
	return sk->src_port >= 1024;
}

SEC("cgroup/sock_create")
int too_early_for_address(struct bpf_sock *sk)
{
	return sk->src_ip4 != 0;
}

SEC("cgroup/connect4")
int to_proxy(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(80)) {
		ctx->user_ip4 = bpf_htonl(0x7f000001);
		ctx->user_port = bpf_htons(8080);
	}
	return 1;
}

SEC("cgroup/connect4")
int six_in_four(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip6[0] == 0;
}

SEC("cgroup/connect6")
int six(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip6[3] == bpf_htonl(1))
		ctx->user_ip6[3] = bpf_htonl(2);
	return 1;
}

SEC("cgroup/connect4")
int returns_error(struct bpf_sock_addr *ctx)
{
	return -1;
}

SEC("cgroup/bind4")
int bind_flag(struct bpf_sock_addr *ctx)
{
	return ctx->user_port == 0 ? 3 : 1;
}

SEC("cgroup/getpeername4")
int peer(struct bpf_sock_addr *ctx)
{
	return 0;
}

SEC("cgroup/sendmsg4")
int sendmsg_source(struct bpf_sock_addr *ctx)
{
	ctx->msg_src_ip4 = bpf_htonl(0x7f000001);
	return 1;
}

SEC("cgroup/connect4")
int write_protocol(struct bpf_sock_addr *ctx)
{
	ctx->protocol = 6;
	return 1;
}

SEC("cgroup/connect4")
int bind_first(struct bpf_sock_addr *ctx)
{
	struct sockaddr_in sa = { .sin_family = 2 };

	sa.sin_addr.s_addr = bpf_htonl(0x7f000002);
	return bpf_bind(ctx, (struct sockaddr *)&sa, sizeof(sa)) == 0;
}
