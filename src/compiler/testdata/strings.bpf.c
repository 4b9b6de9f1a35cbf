#include <linux/bpf.h>
#include <string.h>
#include <bpf/bpf_helpers.h>

struct line {
	char text[40];
	__u16 used;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct line);
} lines SEC(".maps");

SEC("socket")
int write_line(struct __sk_buff *skb)
{
	struct line line = { .text = "mark ", .used = 5 };
	char name[16] = "abc\tdef\n\"\\\x01é";
	__u32 zero = 0;

	memcpy(line.text + 5, name, sizeof(name));
	memset(name, 0xa5, sizeof(name));
	memmove(line.text + 21, name, 8);
	BPF_SNPRINTF(line.text + 29, 10, "%d-%x", skb->len, skb->mark);
	bpf_map_update_elem(&lines, &zero, &line, BPF_ANY);
	bpf_printk("%s: %d %llu %p", line.text, line.used, 1ULL << 40, skb);
	return __builtin_memcmp(line.text, name, 8) == 0;
}

char LICENSE[] SEC("license") = "GPL";
