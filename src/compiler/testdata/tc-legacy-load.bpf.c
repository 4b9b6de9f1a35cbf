#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");
unsigned long long load_word(void *skb, unsigned long long off) asm("llvm.bpf.load.word");

SEC("socket")
int keep_tcp(struct __sk_buff *skb)
{
	if (load_half(skb, 12) != 0x0800)
		return 0;
	if (load_byte(skb, 23) != 6)
		return 0;
	return load_word(skb, 30) == 0x7f000001 ? -1 : 64;
}

char LICENSE[] SEC("license") = "GPL";
