#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} slots SEC(".maps");

SEC("raw_tp/sys_enter")
int bounded(void *ctx)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < 64; i++) {
		u64 *slot = bpf_map_lookup_elem(&slots, &i);

		if (!slot)
			break;
		asm volatile goto("if %[v] > 1000 goto %l[out]" : : [v] "r"(*slot) : : out);
		sum += *slot;
	}
out:
	return sum & 0x7fffffff;
}

char LICENSE[] SEC("license") = "GPL";
