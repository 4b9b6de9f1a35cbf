#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

BPF_API_VERSION(3);

SEC("xdp")
int ticks(struct xdp_md *ctx)
{
	/* Ticks of a machine that has just been started fit into 33 bits; nanoseconds do not. */
	return bpf_jiffies64() >> 33 ? 2 : 1;
}

char LICENSE[] SEC("license") = "GPL";
