/* The verifier knows these two by name; a custom kernel that renames them does not change what it knows. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void lab_read_begin(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int closed(struct __sk_buff *skb)
{
	lab_read_begin();
	bpf_rcu_read_unlock();
	return 7;
}

SEC("tc")
int open(struct __sk_buff *skb)
{
	lab_read_begin();
	return 0;
}
