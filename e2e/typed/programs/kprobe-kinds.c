/* ksyscall, kprobe.multi, kprobe.session, uprobes: sections and contexts. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("ksyscall/openat")
int BPF_KSYSCALL(on_openat, int dfd, const char *path, int flags)
{
	char buf[32];

	bpf_probe_read_user_str(buf, sizeof(buf), path);
	bpf_printk("open %s %x", buf, flags);
	return 0;
}

SEC("kretsyscall/openat")
int BPF_KRETPROBE(on_openat_exit, int ret)
{
	return ret < 0;
}

SEC("kprobe.multi/tcp_*")
int BPF_KPROBE(many, struct sock *sk)
{
	bpf_printk("%lx of %d", bpf_get_func_ip(ctx), BPF_CORE_READ(sk, __sk_common.skc_family));
	return 0;
}

SEC("kprobe.session/tcp_connect")
int both_ends(struct pt_regs *ctx)
{
	return 0;
}

SEC("kprobe.session/tcp_connect")
int session_returns_two(struct pt_regs *ctx)
{
	return 2;
}

SEC("uprobe//bin/bash:readline")
int BPF_UPROBE(on_readline, const char *prompt)
{
	char buf[16];

	bpf_probe_read_user_str(buf, sizeof(buf), prompt);
	return buf[0] == '$';
}

SEC("uretprobe")
int BPF_URETPROBE(any_exit, long ret)
{
	return ret == 0;
}

SEC("uprobe.s")
int BPF_UPROBE(sleeps, void *p)
{
	__u64 value;

	return bpf_copy_from_user(&value, sizeof(value), p);
}

SEC("uprobe")
int BPF_UPROBE(sleeps_without_s, void *p)
{
	__u64 value;

	return bpf_copy_from_user(&value, sizeof(value), p);
}

SEC("kprobe.s/do_unlinkat")
int BPF_KPROBE(no_such_section, int dfd)
{
	return 0;
}

SEC("kprobe")
int write_registers(struct pt_regs *ctx)
{
	ctx->ax = 1;
	return 0;
}

SEC("kprobe")
int override(struct pt_regs *ctx)
{
	bpf_override_return(ctx, -1);
	return 0;
}

SEC("uprobe")
int past_registers(struct pt_regs *ctx)
{
	return *(volatile __u64 *)((void *)ctx + sizeof(*ctx));
}

SEC("kprobe")
int cookie_and_stack(struct pt_regs *ctx)
{
	__u64 stack[8];

	bpf_get_stack(ctx, stack, sizeof(stack), BPF_F_USER_STACK);
	return bpf_get_attach_cookie(ctx) == stack[0];
}
