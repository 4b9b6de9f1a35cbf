/* A license that is not compatible with the GPL, and one program that needs none. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Apache-2.0";

SEC("kprobe/do_unlinkat")
int reads_kernel(struct pt_regs *ctx)
{
	__u64 v;

	return bpf_probe_read_kernel(&v, sizeof(v), (void *)ctx->di);
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("fentry/do_unlinkat")
int traces(__u64 *ctx)
{
	return 0;
}

SEC("lsm/file_open")
int secures(__u64 *ctx)
{
	return 0;
}
