/* fentry, fexit, fmod_ret: typed arguments, return values, functions that are not there. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("fentry/do_unlinkat")
int BPF_PROG(enter, int dfd, struct filename *name)
{
	bpf_printk("unlink %s", name->name);
	return 0;
}

SEC("fexit/do_unlinkat")
int BPF_PROG(leave, int dfd, struct filename *name, long ret)
{
	bpf_printk("unlink %d: %ld", dfd, ret);
	return 0;
}

SEC("fentry/tcp_v4_connect")
int BPF_PROG(enter_reads_return, struct sock *sk, struct sockaddr *addr, int len, int ret)
{
	return ret;
}

SEC("fentry/tcp_v4_connect")
int BPF_PROG(enter_returns, struct sock *sk, struct sockaddr *addr, int len)
{
	return len;
}

SEC("fentry/no_such_function_here")
int BPF_PROG(enter_nothing)
{
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(walk_structs, struct sock *sk)
{
	struct net *net = sk->__sk_common.skc_net.net;
	struct dst_entry *dst = sk->sk_dst_cache;

	bpf_printk("%u in %u", dst && dst->dev ? dst->dev->ifindex : 0, net->ns.inum);
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(walk_array, struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	int i = bpf_get_prandom_u32() & 31;

	return ((volatile char *)task->comm)[i];
}

SEC("fentry/tcp_connect")
int BPF_PROG(write_sock, struct sock *sk)
{
	sk->sk_mark = 4;
	return 0;
}

SEC("fmod_ret/bpf_modify_return_test")
int BPF_PROG(modify, int a, int *b, int ret)
{
	return ret + a;
}

SEC("fmod_ret/tcp_v4_connect")
int BPF_PROG(modify_ordinary, struct sock *sk)
{
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(modify_security, struct file *file, int ret)
{
	return file->f_mode & 2 ? -1 : ret;
}

SEC("fentry.s/tcp_v4_connect")
int BPF_PROG(enter_sleeping, struct sock *sk, struct sockaddr *addr, int len)
{
	char c = 0;

	bpf_copy_from_user(&c, 1, addr);
	return 0;
}

SEC("fexit/tcp_connect")
int BPF_PROG(as_helper_argument, struct sock *sk, int ret)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		bpf_printk("%u", tp->snd_cwnd);
	return 0;
}

SEC("fexit/tcp_v4_connect")
int BPF_PROG(leave_connect, struct sock *sk, struct sockaddr *addr, int len, int ret)
{
	if (ret)
		bpf_printk("family %d: %d", sk->__sk_common.skc_family, ret);
	return 0;
}

SEC("fentry.s/bpf_fentry_test1")
int BPF_PROG(enter_test_function, int a)
{
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(args_by_number, struct sock *sk)
{
	__u64 a = 0, b = 0;

	bpf_get_func_arg(ctx, 0, &a);
	bpf_get_func_ret(ctx, &b);
	return 0;
}
