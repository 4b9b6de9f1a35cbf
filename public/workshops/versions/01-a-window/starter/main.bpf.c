// ANSWER oldest:
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

BPF_API_VERSION(1);

extern int bpf_lab_price(__u32 weight) __ksym;

SEC("tc")
int price(struct __sk_buff *skb)
{
	return bpf_lab_price(5);
}

char LICENSE[] SEC("license") = "GPL";
