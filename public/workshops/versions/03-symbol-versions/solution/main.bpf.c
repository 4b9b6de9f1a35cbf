#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

extern int BPF_SYMVER(bpf_lab_scale, LINUX_7_1)(int a) __ksym;

SEC("tc")
int scale(struct __sk_buff *skb)
{
	return BPF_SYMVER(bpf_lab_scale, LINUX_7_1)(7);
}

char LICENSE[] SEC("license") = "GPL";
