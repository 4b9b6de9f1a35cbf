// Accesses as people write them that the verifier refuses; with -DMENDED each has what the explanation proposes, and is taken.
// e2e/explain/pairs.test.ts knows what has to be said about each.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#ifdef MENDED
#define PICK(wrong, mended) mended
#else
#define PICK(wrong, mended) wrong
#endif

struct cells {
	__u64 total;
	__u32 cell[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct cells);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} small SEC(".maps");

int running, sum;

SEC("tc")
int signed_index(struct __sk_buff *skb)
{
	__u32 key = 0;
	int i = (int)skb->mark;
	struct cells *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 0;
	if (PICK(i > 15, i < 0 || i > 15))
		return 0;
	return table->cell[i];
}

SEC("tc")
int masked_index(struct __sk_buff *skb)
{
	__u32 key = 0, i = skb->mark;
	struct cells *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 0;
#ifdef MENDED
	i &= 15;
#endif
	return table->cell[i];
}

SEC("tc")
int struct_member_index(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct cells *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 0;
#ifdef MENDED
	__u32 i = skb->queue_mapping;
	if (i > 15)
		return 0;
	return table->cell[i];
#else
	return table->cell[skb->queue_mapping];
#endif
}

SEC("tc")
int beyond_value(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&small, &key);

	if (!value)
		return 0;
	return value[PICK(1, 0)];
}

SEC("raw_tp/sched_switch")
int helper_beyond_value(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&small, &key);

	if (!value)
		return 0;
	bpf_get_current_comm(value, PICK(16, 8));
	return 0;
}

SEC("raw_tp/sched_switch")
int short_value(void *ctx)
{
	__u32 key = 0;
	PICK(__u64, struct cells) value = {};

	bpf_map_update_elem(&tables, &key, &value, 0);
	return 0;
}

SEC(PICK("xdp", "xdp/devmap"))
int field_of_devmap(struct xdp_md *ctx)
{
	return ctx->egress_ifindex == 3 ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int half_of_data(struct __sk_buff *skb)
{
	return *(volatile PICK(__u16, __u32) *)((void *)skb + offsetof(struct __sk_buff, data)) ? 1 : 0;
}

SEC("xdp")
int write_context(struct xdp_md *ctx)
{
	PICK(ctx->rx_queue_index = 1, sum = ctx->rx_queue_index);
	return XDP_PASS;
}

SEC("fentry/tcp_close")
int argument_too_many(__u64 *ctx)
{
	sum += ctx[PICK(2, 1)];
	return 0;
}

SEC("fentry/tcp_close")
int half_argument(__u64 *ctx)
{
	running = *(volatile PICK(__u32, __u64) *)ctx != 0;
	return 0;
}

SEC(PICK("fentry/tcp_v4_connect", "fexit/tcp_v4_connect"))
int result_at_entry(__u64 *ctx)
{
	sum += ctx[3];
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(write_task, bool preempt, struct task_struct *prev)
{
	PICK(prev->pid = 1, sum = prev->pid);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(comm_by_index, bool preempt, struct task_struct *prev)
{
	__u32 i = bpf_get_prandom_u32() & 15;
#ifdef MENDED
	char c = 0;
	bpf_probe_read_kernel(&c, sizeof(c), &prev->comm[i]);
	sum += c;
#else
	sum += prev->comm[i];
#endif
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(comm_too_long, bool preempt, struct task_struct *prev)
{
	return bpf_strncmp(prev->comm, PICK(17, 16), "init") == 0 ? 0 : 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(half_pointer, bool preempt, struct task_struct *prev)
{
	running = *(volatile PICK(__u32, __u64) *)&prev->mm != 0;
	return 0;
}

SEC("iter/bpf_map_elem")
int before_buffer(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *value = ctx->value;

	if (!value)
		return 0;
	sum += value[PICK(-1, 0)];
	return 0;
}

SEC("tc")
int waits_for_flag(struct __sk_buff *skb)
{
#ifdef MENDED
	for (int i = 0; i < 1000 && *(volatile int *)&running; i++)
#else
	while (*(volatile int *)&running)
#endif
		sum++;
	return 0;
}

static __noinline int deeper(int n)
{
	int below;

	if (n <= 0)
		return 1;
#ifdef MENDED
	below = 1;
	for (int i = 1; i < n && i < 100; i++)
		below = below ^ (below >> 3) ^ i;
#else
	below = deeper(n - 1);
	__asm__ volatile("" : "+r"(below));
#endif
	return below ^ (below >> 3);
}
SEC("tc")
int recursion(struct __sk_buff *skb)
{
	return deeper(skb->mark & 7);
}

SEC("xdp")
int atomic_in_packet(struct xdp_md *ctx)
{
	__u32 *data = (void *)(long)ctx->data;

	if ((void *)(data + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
#ifdef MENDED
	*data += 1;
#else
	__sync_fetch_and_add(data, 1);
#endif
	return XDP_PASS;
}

SEC("xdp")
int divide_by_zero(struct xdp_md *ctx)
{
	__u64 n = ctx->rx_queue_index;

	__asm__ volatile("%[n] /= " PICK("0", "2") : [n] "+r"(n));
	return n ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int write_frame_pointer(struct xdp_md *ctx)
{
	__asm__ volatile(PICK("r10 += 8", "r1 = r10; r1 += -8") ::: "r1");
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
