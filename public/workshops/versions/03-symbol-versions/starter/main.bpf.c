#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

extern int bpf_lab_scale(int a) __ksym;

SEC("tc")
int scale(struct __sk_buff *skb)
{
	return bpf_lab_scale(7);
}

char LICENSE[] SEC("license") = "GPL";
