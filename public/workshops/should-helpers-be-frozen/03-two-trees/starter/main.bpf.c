#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* From the vendor's header. */
static __u64 (*vendor_clock_tai)(void) = (void *) 156;

__u64 last_packet;

SEC("xdp")
int stamp(struct xdp_md *ctx)
{
	last_packet = vendor_clock_tai();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
