// Hello: print a line for every program that is started
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("tp/syscalls/sys_enter_execve")
int hello(struct trace_event_raw_sys_enter *ctx)
{
	char comm[16];
	__u64 id = bpf_get_current_pid_tgid();

	bpf_get_current_comm(&comm, sizeof(comm));
	bpf_printk("hello from %s, process %d", comm, (int)(id >> 32));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
