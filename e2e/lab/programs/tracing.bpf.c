/* Each of these is attached by an id in the kernel's BTF. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("fentry/do_nanosleep")
int enters(__u64 *ctx)
{
	return 0;
}

SEC("tp_btf/sched_switch")
int switches(__u64 *ctx)
{
	return 0;
}

SEC("lsm/file_open")
int opens(__u64 *ctx)
{
	return 0;
}

SEC("iter/task")
int lists(__u64 *ctx)
{
	return 0;
}
