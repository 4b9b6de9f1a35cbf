#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct traffic {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

SEC("xdp")
int sum(struct xdp_md *ctx)
{
	__u32 key = 0;
	struct traffic *t = bpf_map_lookup_elem(&traffic, &key);

	if (!t)
		return XDP_PASS;
	__sync_fetch_and_add(&t->packets, 1);
	__sync_fetch_and_add(&t->bytes, ctx->data_end - ctx->data);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
