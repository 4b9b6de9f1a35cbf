/* Text: formatting, reading numbers, comparing, printing to the trace. */
#include "run.h"

s64 out[40];
char text[8][64];

SEC("xdp")
int format(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	static const char name[] = "name";
	u64 numbers[] = { a, b, a };
	out[0] = bpf_snprintf(text[0], 64, "%d %u %x", numbers, 24);
	out[1] = bpf_snprintf(text[1], 64, "%lld %llu %llx", numbers, 24);
	out[2] = bpf_snprintf(text[2], 64, "%8d|%-8d|%08x", numbers, 24);
	u64 strings[] = { (u64)(long)name, 'x', b };
	out[3] = bpf_snprintf(text[3], 64, "<%s> %c %%", strings, 16);
	out[4] = bpf_snprintf(text[4], 8, "%016llx", numbers, 8);
	out[5] = bpf_snprintf(text[5], 64, "%i %lx %lu", numbers, 24);
	out[6] = bpf_snprintf(text[6], 64, "plain", NULL, 0);
	u64 address[] = { (u64)(long)&numbers[0] };
	out[7] = bpf_snprintf(text[7], 64, "%pI4 %pi4", (u64[]){ (u64)(long)&numbers[0], (u64)(long)&numbers[1] }, 16);
	(void)address;
	return XDP_PASS;
}

SEC("xdp")
int print(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[10] = bpf_printk("hello");
	out[11] = bpf_printk("a=%d b=%u", (int)a, (u32)b);
	out[12] = bpf_printk("%llx %lld %c", a, b, 'z');
	out[13] = bpf_printk("four %d %d %d %d", 1, 2, 3, (int)a);
	out[14] = bpf_printk("two\nlines");
	return XDP_PASS;
}

SEC("tc")
int numbers(struct __sk_buff *skb)
{
	char line[24] = {};
	long value = -77;
	unsigned long positive = 77;
	u32 length = skb->len < 24 ? skb->len : 23;
	if (length < 14 || bpf_skb_load_bytes(skb, 14, line, 9))
		out[15] = -1;
	out[16] = bpf_strtol(line, 9, 0, &value);
	out[17] = value;
	out[18] = bpf_strtoul(line, 9, 0, &positive);
	out[19] = positive;
	out[20] = bpf_strtol(line, 9, 10, &value);
	out[21] = value;
	out[22] = bpf_strtoul(line, 9, 16, &positive);
	out[23] = positive;
	out[24] = bpf_strtol(line, 9, 7, &value);
	return TC_ACT_OK;
}

SEC("xdp")
int compare(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 pair[2] = { a, b };
	static const char other[] = "abcd";
	out[25] = bpf_strncmp((char *)pair, 4, other);
	out[26] = bpf_strncmp((char *)pair + 8, 4, other);
	out[27] = bpf_strncmp((char *)pair, 2, other);
	return XDP_PASS;
}
