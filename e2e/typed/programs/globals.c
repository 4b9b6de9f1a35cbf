/* .bss, .data, .rodata and their rules; const volatile settings. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 limit = 8;
const volatile bool enabled;
const char greeting[] = "hello";
static volatile __u64 hits;
__u32 total = 5;
__u8 bytes[10];

SEC("tc")
int counts(struct __sk_buff *skb)
{
	hits++;
	__sync_fetch_and_add(&total, skb->len);
	return total > limit;
}

SEC("tc")
int dead_branch(struct __sk_buff *skb)
{
	if (enabled)
		return *(volatile int *)0;
	return limit == 8 ? 0 : *(volatile int *)8;
}

SEC("tc")
int writes_constant(struct __sk_buff *skb)
{
	*(volatile __u32 *)&limit = 3;
	return 0;
}

SEC("tc")
int past_array(struct __sk_buff *skb)
{
	__u32 i = skb->len;

	return i <= 10 ? ((volatile __u8 *)bytes)[i] : 0;
}

SEC("tc")
int past_section(struct __sk_buff *skb)
{
	__u32 i = skb->len;

	return i < 64 ? ((volatile __u8 *)bytes)[i] : 0;
}

SEC("tc")
int constant_as_string(struct __sk_buff *skb)
{
	return bpf_strncmp("hello", 5, greeting);
}

SEC("tc")
int variable_as_string(struct __sk_buff *skb)
{
	return bpf_strncmp("hello", 5, (const char *)bytes);
}

SEC("tc")
int loop_to_limit(struct __sk_buff *skb)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < limit; i++)
		sum += bytes[i & 7];
	return sum;
}
