/* A Kconfig value that no kernel has, not weak. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int CONFIG_NOT_ANYWHERE __kconfig;

SEC("tc")
int reads_it(struct __sk_buff *skb)
{
	return CONFIG_NOT_ANYWHERE;
}
