/* An extern without a section: a function and a variable that nobody defines. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int somewhere_else(int a);

SEC("tc")
int calls_it(struct __sk_buff *skb)
{
	return somewhere_else(skb->len);
}
