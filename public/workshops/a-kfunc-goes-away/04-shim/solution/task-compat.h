/* Finding a task by its number, on kernels before and after the removal. */
#pragma once

static __always_inline struct task_struct *compat_task_from_pid(__s32 pid)
{
	if (bpf_ksym_exists(bpf_task_from_vpid))
		return bpf_task_from_vpid(pid);
	if (bpf_ksym_exists(bpf_task_from_pid))
		return bpf_task_from_pid(pid);
	return NULL;
}

#define bpf_task_from_pid compat_task_from_pid
