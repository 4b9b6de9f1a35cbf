#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sys_enter")
int who(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int pid = 0;

	/* Number 4. Choose 7.2+thawed, where it has been retired. */
	bpf_probe_read(&pid, sizeof(pid), &task->tgid);
	bpf_printk("process %d", pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
