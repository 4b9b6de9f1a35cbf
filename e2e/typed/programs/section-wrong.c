/* Section names with a slip in them: libbpf knows no such type. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xpd")
int slip(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("kprobe_do_unlinkat")
int underscore(struct pt_regs *ctx)
{
	return 0;
}

SEC("tc/ingress/more")
int tc_with_more(struct __sk_buff *skb)
{
	return 0;
}

SEC("xdp_firewall")
int old_style(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tcx")
int tcx_without_direction(struct __sk_buff *skb)
{
	return 0;
}

SEC("cgroup/skb")
int plain_cgroup(struct __sk_buff *skb)
{
	return 1;
}

SEC("classifier")
int classic_name(struct __sk_buff *skb)
{
	return 0;
}

SEC("fentry")
int target_missing(void *ctx)
{
	return 0;
}

SEC("fentry/")
int target_empty(void *ctx)
{
	return 0;
}

SEC("?xdp")
int not_loaded_by_itself(struct xdp_md *ctx)
{
	return XDP_PASS;
}
