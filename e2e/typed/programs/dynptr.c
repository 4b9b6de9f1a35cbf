/* Dynamic pointers over memory, records and packets. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

char memory[64];

SEC("tc")
int over_memory(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	__u32 value = 7, *data;

	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
	bpf_dynptr_write(&p, 4, &value, sizeof(value), 0);
	data = bpf_dynptr_data(&p, 4, sizeof(*data));
	return data ? *data : 0;
}

SEC("tc")
int data_unchecked(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
	return *(__u32 *)bpf_dynptr_data(&p, 4, 4);
}

SEC("tc")
int data_past_length(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	__u32 *data;

	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
	data = bpf_dynptr_data(&p, 4, 4);
	return data ? data[1] : 0;
}

SEC("tc")
int data_variable_length(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	__u32 *data;

	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
	data = bpf_dynptr_data(&p, 4, skb->len & 15);
	return data ? data[0] : 0;
}

SEC("tc")
int record_right(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	__u32 len = skb->len;

	if (bpf_ringbuf_reserve_dynptr(&ring, len, 0, &p) == 0)
		bpf_dynptr_write(&p, 0, &len, sizeof(len), 0);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

SEC("tc")
int record_only_on_success(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	if (bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p))
		return 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

SEC("tc")
int record_submitted_twice(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_ringbuf_discard_dynptr(&p, 0);
	return 0;
}

SEC("tc")
int dynptr_uninitialised(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	__u32 value;

	return bpf_dynptr_read(&value, sizeof(value), &p, 0, 0);
}

SEC("tc")
int dynptr_looked_into(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &p);
	return *(volatile __u32 *)&p;
}

SEC("tc")
int slice_right(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	struct iphdr buf, *ip;

	if (bpf_dynptr_from_skb(skb, 0, &p))
		return 0;
	ip = bpf_dynptr_slice(&p, 14, &buf, sizeof(buf));
	return ip ? ip->ttl : 0;
}

SEC("tc")
int slice_written(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	struct iphdr buf, *ip;

	if (bpf_dynptr_from_skb(skb, 0, &p))
		return 0;
	ip = bpf_dynptr_slice(&p, 14, &buf, sizeof(buf));
	if (ip)
		ip->ttl = 3;
	return 0;
}

SEC("xdp")
int slice_stale(struct xdp_md *ctx)
{
	struct bpf_dynptr p;
	struct iphdr buf, *ip;

	bpf_dynptr_from_xdp(ctx, 0, &p);
	ip = bpf_dynptr_slice_rdwr(&p, 14, &buf, sizeof(buf));
	if (!ip)
		return XDP_PASS;
	bpf_xdp_adjust_head(ctx, 4);
	ip->ttl = 3;
	return XDP_PASS;
}

SEC("xdp")
int slice_larger_than_buffer(struct xdp_md *ctx)
{
	struct bpf_dynptr p;
	__u32 buf, *data;

	bpf_dynptr_from_xdp(ctx, 0, &p);
	data = bpf_dynptr_slice(&p, 14, &buf, 8);
	return data ? data[1] & 1 : XDP_PASS;
}
