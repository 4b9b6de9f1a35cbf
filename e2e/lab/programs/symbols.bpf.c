/* Binds to the version of a symbol that the build names: -DVERSION=LINUX_7_1; without it to the kernel's latest. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf_lab.h>

#define BIND(name, version) BPF_SYMVER(name, version)
#ifdef VERSION
#define scale BIND(bpf_lab_scale, VERSION)
#else
#define scale bpf_lab_scale
#endif

#ifdef ONE_ARGUMENT
extern int scale(int a) __ksym;
#define result() scale(7)
#else
extern int scale(int a, int b) __ksym;
#define result() scale(7, 3)
#endif

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int scales(struct __sk_buff *skb)
{
	return result();
}
