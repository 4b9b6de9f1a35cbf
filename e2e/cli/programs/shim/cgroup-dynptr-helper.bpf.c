#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
u64 id, level;
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(mk, struct cgroup *cgrp, const char *path)
{
	struct cgroup *c = bpf_cgroup_from_id(id);
	if (c) { level = c->level; bpf_cgroup_release(c); }
	return 0;
}
SEC("tc")
int dyn(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	char buf[14];
	void *p;
	if (bpf_dynptr_from_skb((void *)skb, 0, &d)) return 0;
	p = bpf_dynptr_slice(&d, 0, buf, sizeof(buf));
	return p ? bpf_dynptr_size(&d) : 0;
}
SEC("xdp")
int hlp(struct xdp_md *ctx) { return bpf_xdp_get_buff_len((void *)ctx) > 100 ? 2 : 1; }
char LICENSE[] SEC("license") = "GPL";
