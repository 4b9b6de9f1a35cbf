// Programs that the verifier refuses, one for each common mistake. explain.test.ts knows what has to be said about each.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct table {
	struct bpf_spin_lock lock;
	__u32 cells[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct table);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

struct pair {
	__u32 a;
	__u64 b;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct pair);
	__type(value, __u64);
} pairs SEC(".maps");

const volatile __u32 limit = 5;

SEC("xdp")
int no_bounds_check(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct ethhdr *eth = data;

	return eth->h_proto == bpf_htons(0x0800) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int short_bounds_check(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (data + sizeof(struct ethhdr) > data_end)
		return XDP_PASS;
	return ip->ttl == 1 ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int stale_pointer(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *data_end = (void *)(long)skb->data_end;

	if (data + 1 > data_end)
		return 0;
	bpf_skb_pull_data(skb, 64);
	return data[0];
}

SEC("xdp")
int no_null_check(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	*value += 1;
	return XDP_PASS;
}

SEC("xdp")
int unbounded_index(struct xdp_md *ctx)
{
	__u32 key = 0, index = ctx->rx_queue_index;
	struct table *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return XDP_PASS;
	return table->cells[index] ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int index_one_too_far(struct xdp_md *ctx)
{
	__u32 key = 0, index = ctx->rx_queue_index;
	struct table *table = bpf_map_lookup_elem(&tables, &key);

	if (!table || index > 16)
		return XDP_PASS;
	return table->cells[index] ? XDP_DROP : XDP_PASS;
}

// Refused without privileges only: with CAP_PERFMON unwritten stack bytes may be read.
SEC("socket")
int padding_in_key(struct __sk_buff *skb)
{
	struct pair key;
	__u64 *value;

	key.a = 1;
	key.b = skb->len;
	value = bpf_map_lookup_elem(&pairs, &key);
	return value ? 1 : 0;
}

SEC("tc")
int socket_leak(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;

	sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	if (sk->family == 2)
		return 1;
	bpf_sk_release(sk);
	return 0;
}

SEC("tp_btf/sched_switch")
int record_leak(void *ctx)
{
	__u64 *record = bpf_ringbuf_reserve(&records, 8, 0);

	if (record)
		*record = 1;
	return 0;
}

SEC("cgroup_skb/egress")
int bad_return(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("xdp")
int never_ends(struct xdp_md *ctx)
{
	volatile int stop = 0;

	while (!stop)
		;
	return XDP_PASS;
}

SEC("xdp")
int wrong_helper(struct xdp_md *ctx)
{
	return bpf_get_current_pid_tgid() == bpf_skb_load_bytes(ctx, 0, ctx, 4);
}

SEC("xdp")
int write_constant(struct xdp_md *ctx)
{
	*(volatile __u32 *)&limit = 6;
	return XDP_PASS;
}

SEC("kprobe/do_nanosleep")
int plain_dereference(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)PT_REGS_PARM1(ctx);

	return task->pid;
}

SEC("tc")
int unbounded_size(struct __sk_buff *skb)
{
	char buffer[64] = {};
	__u32 length = skb->len;

	bpf_skb_load_bytes(skb, 0, buffer, length);
	return buffer[0];
}

SEC("tc")
int lock_kept(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct table *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 0;
	bpf_spin_lock(&table->lock);
	if (table->cells[0] == 7)
		return 1;
	bpf_spin_unlock(&table->lock);
	return 0;
}

SEC("xdp")
int number_as_map_value(struct xdp_md *ctx)
{
	__u32 key = 1;

	return bpf_map_update_elem(&counts, &key, (void *)5, BPF_ANY);
}


static __noinline int second_byte(__u8 *p, __u8 *end)
{
	if (p + 1 > end)
		return 0;
	return p[1];
}

SEC("xdp")
int in_a_function(struct xdp_md *ctx)
{
	return second_byte((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int pointer_sum(struct xdp_md *ctx)
{
	__u64 a = (__u64)(long)ctx->data, b = (__u64)(long)ctx->data_end;

	__asm__ volatile("%[a] *= 2" : [a] "+r"(a));
	return a == b;
}

SEC("xdp")
int too_many_rounds(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 400000; i++) {
		sum = sum * 31 + i;
		__asm__ volatile("" : "+r"(sum));
	}
	return sum & 1;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int large_frame(void *ctx)
{
	__u64 far;

	__asm__ volatile("%0 = *(u64 *)(r10 - 520)" : "=r"(far));
	return far;
}

char LICENSE[] SEC("license") = "GPL";
