#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern unsigned CONFIG_HZ __kconfig __weak;
extern bool CONFIG_BPF_SYSCALL __kconfig;
extern const char CONFIG_LSM[64] __kconfig __weak;
extern const void jiffies_64 __ksym;
extern const int runqueues __ksym __weak;

u64 seen;

SEC("raw_tp/sys_exit")
int settings(void *ctx)
{
	if (!CONFIG_BPF_SYSCALL || LINUX_KERNEL_VERSION < 0x060000)
		return 0;
	seen = CONFIG_HZ + CONFIG_LSM[0] + (u64)&jiffies_64;
	if (&runqueues)
		seen ^= (u64)bpf_this_cpu_ptr(&runqueues);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
