#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} where SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = bpf_get_smp_processor_id();
	__u64 one = 1, *n;

	n = bpf_map_lookup_elem(&where, &key);
	if (n)
		*n += 1;
	else
		bpf_map_update_elem(&where, &key, &one, BPF_NOEXIST);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
