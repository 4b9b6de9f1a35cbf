/* Ring buffer and perf events. */
#include "run.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct record {
	u64 a, b;
	u32 serial;
	u8 tail[5];
};

s64 out[24];

SEC("xdp")
int ring_buffer(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	out[0] = record != NULL;
	if (record) {
		__builtin_memset(record, 0, sizeof(*record));
		record->a = a;
		record->b = b;
		record->serial = 1;
		bpf_ringbuf_submit(record, 0);
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (record)
		bpf_ringbuf_discard(record, 0);
	out[1] = bpf_ringbuf_output(&ring, &a, sizeof(a), BPF_RB_NO_WAKEUP);
	out[2] = bpf_ringbuf_output(&ring, &b, 3, BPF_RB_FORCE_WAKEUP);
	out[3] = bpf_ringbuf_output(&ring, &b, 3, 77);
	out[4] = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	out[5] = bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE);
	out[6] = bpf_ringbuf_query(&ring, BPF_RB_CONS_POS);
	out[7] = bpf_ringbuf_query(&ring, BPF_RB_PROD_POS);
	out[8] = bpf_ringbuf_query(&ring, 99);
	return XDP_PASS;
}

SEC("xdp")
int ring_full(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	out[9] = 0;
	for (u64 i = 0; i < 40; i++) {
		u64 *record = bpf_ringbuf_reserve(&ring, 200, 0);
		if (!record)
			break;
		record[0] = a + i;
		record[1] = b;
		for (int k = 2; k < 25; k++)
			record[k] = k;
		bpf_ringbuf_submit(record, 0);
		out[9]++;
	}
	return XDP_PASS;
}

SEC("xdp")
int perf_events(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	u64 pair[2] = { a, b };
	out[11] = bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, pair, sizeof(pair));
	out[12] = bpf_perf_event_output(ctx, &events, 0, pair, 12);
	out[13] = bpf_perf_event_output(ctx, &events, 4096, pair, 8);
	out[14] = bpf_perf_event_output(ctx, &events, ((u64)10 << 32) | BPF_F_CURRENT_CPU, pair, 8);
	return XDP_PASS;
}
