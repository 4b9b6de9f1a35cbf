/* What the programs of this folder share: one kfunc of the kernel, declared as its users declare it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define NOT_THERE 100

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern void bpf_task_release(struct task_struct *p) __ksym __weak;

char LICENSE[] SEC("license") = "GPL";
