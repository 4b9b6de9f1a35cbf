/* A ring buffer whose size is no power of two: libbpf makes it one, with pages. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

SEC("tc")
int uses(struct __sk_buff *skb)
{
	return bpf_ringbuf_output(&ring, &(__u32){ 3 }, 4, 0);
}
