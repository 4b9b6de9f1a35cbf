// ANSWER precise:
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 last_score;

SEC("xdp")
int rate(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	__u32 score = 0;

	if ((void *)(data + 34) > data_end)
		return XDP_PASS;

	if (data[12] == 8)
		score += 1;
	if (data[14] == 0x45)
		score += 2;
	if (data[15])
		score += 4;
	if (data[20])
		score += 8;
	if (data[22] > 64)
		score += 16;
	if (data[23] == 17)
		score += 32;
	if (data[24])
		score += 64;
	if (data[25])
		score += 128;

	last_score = score;
	if (score == 255)
		return XDP_DROP;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
