/* sysctl and device hooks. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup/sysctl")
int sysctl_right(struct bpf_sysctl *ctx)
{
	char name[32] = {}, value[16];
	unsigned long number = 0;

	if (!ctx->write)
		return 1;
	if (bpf_sysctl_get_name(ctx, name, sizeof(name), 0) < 0)
		return 0;
	if (bpf_sysctl_get_new_value(ctx, value, sizeof(value)) < 0)
		return 0;
	if (bpf_strtoul(value, sizeof(value), 0, &number) < 0)
		return 0;
	return number < 4096 && name[0] == 'n';
}

SEC("cgroup/sysctl")
int sysctl_seek(struct bpf_sysctl *ctx)
{
	ctx->file_pos = 0;
	return 1;
}

SEC("cgroup/sysctl")
int sysctl_write_flag(struct bpf_sysctl *ctx)
{
	ctx->write = 0;
	return 1;
}

SEC("cgroup/sysctl")
int sysctl_returns_minus(struct bpf_sysctl *ctx)
{
	return -1;
}

SEC("cgroup/dev")
int devices(struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->major == 1 && (ctx->access_type & 0xffff) == 2;
}

SEC("cgroup/dev")
int device_write(struct bpf_cgroup_dev_ctx *ctx)
{
	ctx->minor = 3;
	return 1;
}

SEC("cgroup/sock_release")
int released(struct bpf_sock *sk)
{
	bpf_printk("gone %d", sk->protocol);
	return 1;
}
