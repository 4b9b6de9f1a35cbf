/* USDT probes as libbpf's own header reads their arguments. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#include <bpf/usdt.bpf.h>

SEC("usdt//usr/bin/python3:python:function__entry")
int BPF_USDT(on_function, const char *file, const char *function, int line)
{
	char buf[24];

	bpf_probe_read_user_str(buf, sizeof(buf), function);
	bpf_printk("%s:%d", buf, line);
	return 0;
}

SEC("usdt")
int argument_count(struct pt_regs *ctx)
{
	return bpf_usdt_arg_cnt(ctx);
}
