#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

int pid;

SEC("raw_tracepoint/sched_wakeup")
int plain(struct task_struct **ctx)
{
	struct task_struct *task = ctx[0];
	int value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), &task->pid);
	bpf_core_read(&pid, sizeof(pid), &task->tgid);
	pid += value;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
