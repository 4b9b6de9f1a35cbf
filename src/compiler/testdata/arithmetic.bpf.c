#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 out[12];

SEC("socket")
int sums(struct __sk_buff *skb)
{
	__u64 a = skb->len, b = skb->mark | 1;
	__u32 c = skb->hash, d = skb->priority | 1;
	__s32 s = (__s32)c;
	__s64 t = (__s64)a - (__s64)b;

	out[0] = a / b + a % b;
	out[1] = c / d + c % d;
	out[2] = (__s64)s >> 3;
	out[3] = (t >> 7) + (s >> 2);
	out[4] = (__s16)c + (__s8)d + (__u16)a;
	out[5] = a / 10 + c % 1000;
	out[6] = a << (b & 63) | c >> (d & 31);
	out[7] = -t ^ ~s;
	out[8] = a > b ? t < 0 : s <= 3;
	out[9] = (__s64)(s < 0 ? -s : s) * 1000003;
	out[10] = __builtin_bswap64(a) ^ __builtin_bswap32(c) ^ __builtin_bswap16(d);
	out[11] = a * b + (__u64)c * d;
	return t > s;
}

char LICENSE[] SEC("license") = "GPL";
