/* Arena maps: sparse shared memory with casts between address spaces. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 10);
} arena SEC(".maps");

struct link_node {
	struct link_node __arena *next;
	__u64 value;
};


struct link_node __arena *list;

SEC("syscall")
int allocate(void *ctx)
{
	struct link_node __arena *n = (struct link_node __arena *)bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);

	if (!n)
		return 1;
	n->value = 7;
	n->next = list;
	list = n;
	return 0;
}

SEC("syscall")
int walk(void *ctx)
{
	__u64 sum = 0;
	int i;

	struct link_node __arena *n = list;
	bpf_for(i, 0, 100) {
		if (!n)
			break;
		sum += n->value;
		n = n->next;
	}
	return sum;
}

SEC("syscall")
int without_cast(void *ctx)
{
	void *p = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0);

	return p ? *(volatile __u32 *)p : 0;
}

SEC("tc")
int allocates_in_tc(struct __sk_buff *skb)
{
	return bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0) != NULL;
}
