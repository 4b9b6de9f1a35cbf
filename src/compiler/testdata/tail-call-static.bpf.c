#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Line information that points into a header, past a precompiled one's edge. */
struct {
	__uint(type, 3);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} jumps SEC(".maps");

const char file_name[] = __FILE__;

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call_static(ctx, &jumps, 1);
	return file_name[ctx->rx_queue_index & 7];
}

char LICENSE[] SEC("license") = "GPL";
