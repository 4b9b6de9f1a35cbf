#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct config {
	__u32 limit;
	__u8 on;
	char name[12];
};

const volatile struct config config = { .limit = 100, .on = 1, .name = "default" };
static volatile const __u64 weights[8] = { 1, 1, 2, 3, 5, 8, 13, 21 };
int counter = 7;
static int hidden;
__u64 table[16];
__u32 named SEC(".data.special") = 3;
const char *const words[] = { "red", "green", "blue" };
int *pointer_to_counter = &counter;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u32 at = ctx->rx_queue_index & 7;

	if (!config.on || counter > config.limit)
		return XDP_DROP;
	counter++;
	hidden += weights[at];
	table[at] += hidden;
	named ^= config.name[at];
	return (named + *words[at % 3]) & 1 ? XDP_PASS : XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
