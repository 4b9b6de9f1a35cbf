/* A virtual network card asks a program which queue a packet goes to. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ETH_P_IP 0x0800

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} seed SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

/* Addresses of IPv4 decide; what is not IPv4 goes to queue 0. */
SEC("vnic/hash")
int spread(struct vnic_hash_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	__u32 key = 0, *start;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return 0;
	start = bpf_map_lookup_elem(&seed, &key);
	if (!start)
		return 0;
	ctx->hash = vnic_hash_bytes(ctx, sizeof(*eth) + 12, 8) ^ *start;
	ctx->hash_report = 1;
	return ctx->hash % ctx->queues;
}

SEC("vnic/hash")
int beyond(struct vnic_hash_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

SEC("vnic/hash")
int writes(struct vnic_hash_md *ctx)
{
	ctx->queues = 1;
	return 0;
}
