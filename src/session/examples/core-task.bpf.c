// CO-RE: who are the ancestors of the running task?
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* A flavour of task_struct for a member that not every kernel has. */
struct task_struct___scx {
	struct {
		int any;
	} scx;
} __attribute__((preserve_access_index));

/* Offsets of task_struct differ from kernel to kernel. The object carries
 * relocations, the loader fills in the offsets of the kernel you choose:
 * compare the instructions on 5.10 and 7.3. */
SEC("raw_tp/sched_process_exec")
int ancestors(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char comm[16];

	for (int i = 0; i < 4; i++) {
		int pid = BPF_CORE_READ(task, tgid);

		BPF_CORE_READ_STR_INTO(&comm, task, comm);
		bpf_printk("%d: %s", pid, comm);
		if (pid <= 1)
			break;
		task = BPF_CORE_READ(task, real_parent);
	}

	if (bpf_core_field_exists(((struct task_struct___scx *)task)->scx))
		bpf_printk("this kernel can have its scheduler written in BPF");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
