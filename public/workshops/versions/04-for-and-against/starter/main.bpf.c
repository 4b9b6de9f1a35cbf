#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

/* 2, 3 and 4 are within the window. From 3 on there is a second argument. */
BPF_API_VERSION(2);

extern int bpf_lab_price(__u32 weight) __ksym;

SEC("tc")
int price(struct __sk_buff *skb)
{
	return bpf_lab_price(5);
}

char LICENSE[] SEC("license") = "GPL";
