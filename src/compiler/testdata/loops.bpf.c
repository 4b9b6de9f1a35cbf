#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct state {
	__u64 sum;
	int steps;
};

static long step(__u64 index, void *arg)
{
	struct state *state = arg;

	state->sum += index * index;
	state->steps++;
	return state->sum > 1000;
}

SEC("socket")
int counted(struct __sk_buff *skb)
{
	struct state state = {};
	__u32 i, j, sum = 0;

	bpf_loop(skb->len & 63, step, &state, 0);
	for (i = 0; i < 20; i++)
		for (j = i; j < 20; j += 3)
			sum += i ^ j;
	while (sum & 1 && state.steps-- > 0)
		sum = sum * 3 + 1;
	do {
		sum >>= 1;
	} while (sum > 64);
	return sum + state.sum;
}

char LICENSE[] SEC("license") = "GPL";
