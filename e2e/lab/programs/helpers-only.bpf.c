/* Needs nothing of a kernel's BTF. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int counts(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&runs, &key);

	if (!n)
		return XDP_ABORTED;
	__sync_fetch_and_add(n, 1);
	return XDP_PASS;
}

SEC("kprobe/do_nanosleep")
int task_pointer(void *ctx)
{
	return bpf_get_current_task_btf() ? 1 : 0;
}
