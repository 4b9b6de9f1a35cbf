/* A dual license, in its common spelling. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int gpl_helper(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() & 1;
}
