/* A kfunc that no kernel has, declared without weak: libbpf refuses the object. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int no_such_kfunc(int a) __ksym;

SEC("tc")
int calls_it(struct __sk_buff *skb)
{
	return no_such_kfunc(skb->len);
}
