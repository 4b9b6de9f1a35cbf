/* A map attribute that libbpf does not know. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(maximum, 16);
	__type(key, __u32);
	__type(value, __u32);
} wrong SEC(".maps");

SEC("tc")
int uses(struct __sk_buff *skb)
{
	return bpf_map_delete_elem(&wrong, &(__u32){ 0 });
}
