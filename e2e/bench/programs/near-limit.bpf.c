// Programs that the kernel's verifier walks for nearly its million instructions, each for another reason.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} slots SEC(".maps");

// A loop whose every round is walked: its counter and its sum are known numbers, so no two rounds are alike.
SEC("xdp")
int long_loop(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 95000; i++) {
		sum = sum * 31 + i;
		sum ^= sum >> 7;
		if (sum == 0x123456789)
			return XDP_DROP;
		__asm__ volatile("" : "+r"(sum));
	}
	return sum & 1 ? XDP_PASS : XDP_TX;
}

// Rounds that read the packet, keep what they read on the stack and look into a map: nothing but the counter is known.
SEC("xdp")
int packet_rounds(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *end = (void *)(long)ctx->data_end;
	volatile __u64 seen[8] = {};

	if (data + 64 > end)
		return XDP_PASS;
	for (__u32 round = 0; round < 1800; round++) {
		__u32 key = round & 63;
		__u64 *slot;

#pragma clang loop unroll(full)
		for (int i = 0; i < 24; i++) {
			__u64 byte = ((volatile __u8 *)data)[i + 8];

			byte = (byte << 3) ^ (byte >> 2);
			byte += seen[(i + 1) & 7];
			seen[i & 7] = byte & 0xffff;
		}
		slot = bpf_map_lookup_elem(&slots, &key);
		if (slot)
			*slot += seen[round & 7];
	}
	return seen[0] ? XDP_PASS : XDP_DROP;
}

// Paths that never meet: a number collects one bit for each byte of the packet, and the end asks for its exact value.
#define STEP(n)								\
	byte = ((volatile __u8 *)data)[n];				\
	__asm__ volatile("if %[byte] < 100 goto +1\n%[mask] += %[bit]"	\
			 : [mask] "+r"(mask)				\
			 : [byte] "r"(byte), [bit] "i"(1 << (n)))

SEC("xdp")
int many_paths(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *end = (void *)(long)ctx->data_end;
	__u64 mask = 0;
	__u64 byte;

	if (data + 16 > end)
		return XDP_PASS;
	STEP(0);  STEP(1);  STEP(2);  STEP(3);
	STEP(4);  STEP(5);  STEP(6);  STEP(7);
	STEP(8);  STEP(9);  STEP(10); STEP(11);
	STEP(12); STEP(13); STEP(14); STEP(15);
	if (mask > 0xffff)
		return XDP_ABORTED;
	return mask & 1 ? XDP_PASS : XDP_DROP;
}

// Beyond the limit: refused, and walked a second time for its log.
SEC("xdp")
int over_limit(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 200000; i++) {
		sum = sum * 31 + i;
		sum ^= sum >> 7;
		if (sum == 0x123456789)
			return XDP_DROP;
		__asm__ volatile("" : "+r"(sum));
	}
	return sum & 1 ? XDP_PASS : XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
