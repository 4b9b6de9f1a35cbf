/* Written for an API version that the build gives: -DAPI=2; without it the object declares none. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

#ifdef API
BPF_API_VERSION(API);
#else
#define API 0
#endif

#if API >= 3
extern int bpf_lab_price(__u32 weight, __u32 fee) __ksym __weak;
#define price() bpf_lab_price(5, 1)
#else
extern int bpf_lab_price(__u32 weight) __ksym __weak;
#define price() bpf_lab_price(5)
#endif

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int asks(struct __sk_buff *skb)
{
	return price();
}

SEC("xdp")
int ticks(struct xdp_md *ctx)
{
	/* jiffies of a machine that has just been booted have 32 bits; nanoseconds do not */
	return bpf_jiffies64() >> 33 ? 2 : 1;
}
