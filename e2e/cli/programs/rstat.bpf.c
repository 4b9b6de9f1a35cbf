/* The declaration below is a strong one; vmlinux.h's own are weak. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* In 6.12; 6.16 has css_rstat_updated instead. */
extern void cgroup_rstat_updated(struct cgroup *cgrp, int cpu) __ksym;

SEC("tp_btf/cgroup_attach_task")
int touch(__u64 *ctx)
{
	struct cgroup *cgrp = (struct cgroup *)ctx[0];

	cgroup_rstat_updated(cgrp, bpf_get_smp_processor_id());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
