#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(key_size, 16);
	__type(value, __u64);
} where SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	char key[16] = {};
	__u64 one = 1, *n;

	bpf_get_current_comm(key, sizeof(key));

	n = bpf_map_lookup_elem(&where, key);
	if (n)
		*n += 1;
	else
		bpf_map_update_elem(&where, key, &one, BPF_NOEXIST);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
