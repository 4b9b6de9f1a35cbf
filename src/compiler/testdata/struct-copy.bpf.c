#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct small {
	__u8 bytes[7];
};
struct medium {
	__u64 words[5];
	struct small small;
};
struct big {
	struct medium mediums[4];
	__u16 tail;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct big);
} bigs SEC(".maps");

static struct medium make(__u64 n)
{
	struct medium m = { .words = { n, n + 1, [4] = n * 3 }, .small.bytes[6] = n };

	return m;
}

SEC("socket")
int copy(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct big *big = bpf_map_lookup_elem(&bigs, &zero);
	struct medium m = make(skb->len);

	if (!big)
		return 0;
	big->mediums[1] = m;
	big->mediums[2].small = m.small;
	big->mediums[skb->mark & 3] = big->mediums[0];
	big->tail++;
	return big->mediums[3].words[4];
}

char LICENSE[] SEC("license") = "GPL";
