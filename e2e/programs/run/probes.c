/* Reading memory that may not be there; arguments of a raw tracepoint; values that only exist outside packets. */
#include "run.h"

s64 out[24];
u64 source = 0x0102030405060708;
char string[16] = "probing";
char copy[8];

SEC("raw_tp/sys_enter")
int arguments(struct bpf_raw_tracepoint_args *ctx)
{
	out[0] = ctx->args[0];
	out[1] = ctx->args[1];
	return ctx->args[0] + ctx->args[1];
}

SEC("raw_tp/sys_enter")
int probe_read(struct bpf_raw_tracepoint_args *ctx)
{
	u64 value = 1;
	out[2] = bpf_probe_read_kernel(&value, 8, &source);
	out[3] = value;
	out[4] = bpf_probe_read_kernel(&value, 8, NULL);
	out[5] = value;
	out[6] = bpf_probe_read_kernel_str(copy, sizeof(copy), string);
	out[7] = bpf_probe_read_kernel_str(copy, 4, string);
	value = 1;
	out[8] = bpf_probe_read_user(&value, 8, (void *)(long)ctx->args[0]);
	out[9] = value;
	return 0;
}

SEC("raw_tp/sys_enter")
int task(struct bpf_raw_tracepoint_args *ctx)
{
	out[10] = bpf_get_smp_processor_id();
	out[11] = (bpf_get_current_pid_tgid() >> 32) == (u32)bpf_get_current_pid_tgid();
	out[12] = bpf_get_current_uid_gid();
	out[13] = bpf_ktime_get_ns() > 0;
	out[14] = bpf_ktime_get_boot_ns() >= 0;
	out[15] = bpf_jiffies64() > 0;
	out[16] = bpf_get_current_comm(copy, sizeof(copy));
	out[17] = bpf_get_numa_node_id();
	return 0;
}
