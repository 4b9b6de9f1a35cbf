/* Kconfig values, kernel symbols and kfuncs: weak, missing, wrong. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern unsigned CONFIG_HZ __kconfig;
extern bool CONFIG_SMP __kconfig;
extern enum libbpf_tristate CONFIG_NO_SUCH_THING __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig;
extern const char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;

extern const int bpf_prog_active __ksym;
extern const struct rq runqueues __ksym;
extern const int no_such_variable __ksym __weak;
extern void no_such_kfunc(int a) __ksym __weak;

SEC("raw_tp/sched_switch")
int config_values(void *ctx)
{
	return CONFIG_SMP ? CONFIG_HZ > 100 : CONFIG_NO_SUCH_THING;
}

SEC("raw_tp/sched_switch")
int version(void *ctx)
{
	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 10, 0))
		return LINUX_HAS_BPF_COOKIE;
	return 7;
}

SEC("raw_tp/sched_switch")
int per_cpu_variable(void *ctx)
{
	const struct rq *rq = bpf_per_cpu_ptr(&runqueues, 0);

	return rq ? rq->nr_running : 0;
}

SEC("raw_tp/sched_switch")
int per_cpu_variable_unchecked(void *ctx)
{
	const struct rq *rq = bpf_per_cpu_ptr(&runqueues, 1);

	return rq->nr_running;
}

SEC("raw_tp/sched_switch")
int this_cpu_variable(void *ctx)
{
	const struct rq *rq = bpf_this_cpu_ptr(&runqueues);

	return rq->cpu + *(int *)bpf_this_cpu_ptr(&bpf_prog_active);
}

SEC("raw_tp/sched_switch")
int weak_variable(void *ctx)
{
	return bpf_ksym_exists(&no_such_variable) ? 1 : 0;
}

SEC("raw_tp/sched_switch")
int weak_kfunc_guarded(void *ctx)
{
	if (bpf_ksym_exists(no_such_kfunc))
		no_such_kfunc(1);
	return 0;
}

SEC("raw_tp/sched_switch")
int weak_kfunc_unguarded(void *ctx)
{
	no_such_kfunc(1);
	return 0;
}
