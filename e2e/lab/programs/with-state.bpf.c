/* A rate limit that the kernel keeps: three kfuncs with a map, a variable and a trace of their own. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

extern bool bpf_lab_allow(__u32 who, __u32 most) __ksym;
extern bool bpf_lab_allow_task(__u32 most) __ksym;
extern __u64 bpf_lab_refused(void) __ksym;

char LICENSE[] SEC("license") = "GPL";

/* Five calls, three allowed: 3 * 10 + 2. */
SEC("tc")
int limits(struct __sk_buff *skb)
{
	int allowed = 0;

	for (int i = 0; i < 5; i++)
		allowed += bpf_lab_allow(7, 3);
	return allowed * 10 + bpf_lab_refused();
}

/* The running task is asked for by a kfunc that calls the other one; 7 is somebody else. */
SEC("tc")
int for_task(struct __sk_buff *skb)
{
	int allowed = bpf_lab_allow_task(1);

	allowed += bpf_lab_allow_task(1);
	return allowed * 100 + bpf_lab_allow(7, 1) * 10 + bpf_lab_refused();
}
