/* Perf event arrays, stack traces, user ring buffers and ring buffer output. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 128);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct event_sample {
	__u8 kind;
	__u64 at;
};

SEC("kprobe/do_unlinkat")
int perf_right(struct pt_regs *ctx)
{
	struct event_sample s = {};

	s.at = bpf_ktime_get_ns();
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &s, sizeof(s));
}

SEC("kprobe/do_unlinkat")
int perf_with_padding(struct pt_regs *ctx)
{
	struct event_sample s;

	s.kind = 1;
	s.at = bpf_ktime_get_ns();
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &s, sizeof(s));
}

SEC("kprobe/do_unlinkat")
int perf_unwritten(struct pt_regs *ctx)
{
	struct event_sample s;

	asm volatile("" : : "r"(&s));
	return bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &s, sizeof(s));
}

SEC("kprobe/do_unlinkat")
int perf_into_ring(struct pt_regs *ctx)
{
	__u64 v = 0;

	return bpf_perf_event_output(ctx, &ring, BPF_F_CURRENT_CPU, &v, sizeof(v));
}

SEC("kprobe/do_unlinkat")
int ring_output(struct pt_regs *ctx)
{
	__u64 v = 0;

	return bpf_ringbuf_output(&ring, &v, sizeof(v), BPF_RB_NO_WAKEUP);
}

SEC("kprobe/do_unlinkat")
int ring_lookup(struct pt_regs *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&ring, &key) != NULL;
}

SEC("perf_event")
int stack_ids(struct bpf_perf_event_data *ctx)
{
	long kernel = bpf_get_stackid(ctx, &stacks, 0);
	long user = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);

	return kernel < 0 && user < 0 && ctx->sample_period > 100;
}

SEC("perf_event")
int perf_event_context(struct bpf_perf_event_data *ctx)
{
	struct bpf_perf_event_value value;

	bpf_perf_prog_read_value(ctx, &value, sizeof(value));
	return PT_REGS_IP(&ctx->regs) == value.counter;
}

SEC("perf_event")
int perf_event_write(struct bpf_perf_event_data *ctx)
{
	ctx->sample_period = 1;
	return 0;
}

SEC("tc")
int packet_tail(struct __sk_buff *skb)
{
	__u64 v = skb->len;

	return bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU | (64ULL << 32), &v, sizeof(v));
}

SEC("kprobe/do_unlinkat")
int stack_wrong_map(struct pt_regs *ctx)
{
	return bpf_get_stackid(ctx, &events, 0);
}
