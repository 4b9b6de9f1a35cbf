// ANSWER oldest: 2
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

BPF_API_VERSION(3);

extern int bpf_lab_price(__u32 weight, __u32 fee) __ksym;

SEC("tc")
int price(struct __sk_buff *skb)
{
	return bpf_lab_price(5, 1);
}

char LICENSE[] SEC("license") = "GPL";
