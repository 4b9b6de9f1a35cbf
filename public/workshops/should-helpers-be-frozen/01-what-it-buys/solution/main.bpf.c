#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("raw_tp/sys_enter")
int who(void *ctx)
{
	char name[16] = {};

	bpf_get_current_comm(name, sizeof(name));
	bpf_printk("called by %s", name);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
