/* As price.bpf.c, with the declarations that vmlinux.h has for the version: -DBPF_API=3. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

BPF_API_VERSION(BPF_API);

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int asks(struct __sk_buff *skb)
{
#if BPF_API >= 3
	return bpf_lab_price(5, 1);
#else
	return bpf_lab_price(5);
#endif
}
