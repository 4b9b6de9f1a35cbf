/* Kfuncs for XDP: metadata, conntrack of a module, casts to kernel contexts. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __weak __ksym;

SEC("xdp")
int timestamp_on_plain(struct xdp_md *ctx)
{
	__u64 t = 0;

	if (!bpf_ksym_exists(bpf_xdp_metadata_rx_timestamp))
		return XDP_DROP;
	return bpf_xdp_metadata_rx_timestamp(ctx, &t) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int cast_context(struct xdp_md *ctx)
{
	struct xdp_buff *xdp = bpf_cast_to_kern_ctx(ctx);

	return xdp->rxq->queue_index ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int cast_skb(struct __sk_buff *ctx)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	return skb->dev ? skb->dev->ifindex : 0;
}

SEC("tc")
int cast_and_write(struct __sk_buff *ctx)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	skb->mark = 3;
	return 0;
}

SEC("kprobe/tcp_connect")
int rdonly_cast(struct pt_regs *ctx)
{
	struct sock *sk = bpf_rdonly_cast((void *)PT_REGS_PARM1(ctx), bpf_core_type_id_kernel(struct sock));

	return sk->__sk_common.skc_family == 2;
}
