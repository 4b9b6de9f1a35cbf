/* Task storage without the flag that it must have. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__type(key, int);
	__type(value, int);
} wrong SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(uses, struct pt_regs *regs, long id)
{
	return bpf_task_storage_get(&wrong, bpf_get_current_task_btf(), 0, 0) != NULL;
}
