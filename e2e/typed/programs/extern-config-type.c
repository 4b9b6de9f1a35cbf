/* A Kconfig string read as a number. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int CONFIG_DEFAULT_HOSTNAME __kconfig;

SEC("tc")
int reads_it(struct __sk_buff *skb)
{
	return CONFIG_DEFAULT_HOSTNAME;
}
