/* Two kfuncs that no release has: one does what an expression says, one what a C function says. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_lab_clamp(int value, int low, int high) __ksym;
extern __u32 bpf_lab_bits(__u64 value) __ksym;

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int sums(struct __sk_buff *skb)
{
	/* 17 held down to 10, and eight bits of 0xff00 */
	return bpf_lab_clamp(17, -3, 10) + bpf_lab_bits(0xff00);
}

SEC("socket")
int not_allowed(struct __sk_buff *skb)
{
	return bpf_lab_bits(1);
}
