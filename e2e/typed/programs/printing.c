/* bpf_printk and bpf_snprintf with formats, right and wrong. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

char out[64];
const volatile char prefix[] = "x";

SEC("tc")
int prints(struct __sk_buff *skb)
{
	bpf_printk("len %d mark %x proto %u at %llu", skb->len, skb->mark, skb->protocol, bpf_ktime_get_ns());
	bpf_printk("%pI4 %p %s", &skb->cb[0], skb, "text");
	return 0;
}

SEC("tc")
int prints_percent(struct __sk_buff *skb)
{
	bpf_printk("100%% of %c", 'x');
	return 0;
}

SEC("tc")
int prints_many(struct __sk_buff *skb)
{
	bpf_printk("%d %d %d %d %d", 1, 2, 3, skb->len, 5);
	return 0;
}

SEC("tc")
int prints_variable_format(struct __sk_buff *skb)
{
	char fmt[8] = "mark %d";

	bpf_trace_printk(fmt, sizeof(fmt), skb->mark);
	return 0;
}

SEC("tc")
int prints_size_zero(struct __sk_buff *skb)
{
	char fmt[8] = "mark %d";

	bpf_trace_printk(fmt, 0, skb->mark);
	return 0;
}

SEC("tc")
int snprintf_right(struct __sk_buff *skb)
{
	return BPF_SNPRINTF(out, sizeof(out), "%d of %s: %x", 5, "all", skb->len);
}

SEC("tc")
int snprintf_wrong_format(struct __sk_buff *skb)
{
	return BPF_SNPRINTF(out, sizeof(out), "%f", 1);
}

SEC("tc")
int snprintf_too_few(struct __sk_buff *skb)
{
	static const char fmt[] = "%d %d";
	__u64 args[] = { 1 };

	return bpf_snprintf(out, sizeof(out), fmt, args, sizeof(args));
}

SEC("tc")
int snprintf_format_on_stack(struct __sk_buff *skb)
{
	char fmt[] = "%d";
	__u64 args[] = { 1 };

	return bpf_snprintf(out, sizeof(out), fmt, args, sizeof(args));
}

SEC("tc")
int snprintf_args_odd(struct __sk_buff *skb)
{
	static const char fmt[] = "%d";
	__u64 args[] = { 1 };

	return bpf_snprintf(out, sizeof(out), fmt, args, 7);
}

SEC("tc")
int snprintf_past_buffer(struct __sk_buff *skb)
{
	return BPF_SNPRINTF(out, 65, "%d", 1);
}
