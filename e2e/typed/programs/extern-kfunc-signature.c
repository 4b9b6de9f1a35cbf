/* A kfunc declared with another signature than the kernel's. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern struct task_struct *bpf_task_from_pid___other(long a, long b) __ksym __weak;
extern int bpf_get_fsverity_digest___x(int a) __ksym __weak;

SEC("tp_btf/sched_switch")
int BPF_PROG(other_signature)
{
	return bpf_task_from_pid___other(1, 2) != 0;
}
