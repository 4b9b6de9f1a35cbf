/* Dynamic pointers: over memory, ring buffer records and packets (kfuncs; 6.4 and later). */
#include "run.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

extern int bpf_dynptr_from_xdp(struct xdp_md *ctx, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, u32 offset, void *buffer, u32 buffer_size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *ptr, u32 start, u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *ptr) __ksym;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *ptr) __ksym;

s64 out[40];
u8 memory[32];

SEC("xdp")
int over_memory(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct bpf_dynptr ptr;
	u64 value = 0;
	out[0] = bpf_dynptr_from_mem(memory, sizeof(memory), 0, &ptr);
	out[1] = bpf_dynptr_write(&ptr, 3, &a, 8, 0);
	out[2] = bpf_dynptr_write(&ptr, 30, &a, 8, 0);
	out[3] = bpf_dynptr_read(&value, 8, &ptr, 1, 0);
	out[4] = value;
	out[5] = bpf_dynptr_read(&value, 8, &ptr, 25, 0);
	out[6] = bpf_dynptr_write(&ptr, 0, &b, 8, 1);
	u64 *data = bpf_dynptr_data(&ptr, 16, 8);
	out[7] = data != NULL;
	if (data)
		*data = b;
	out[8] = bpf_dynptr_data(&ptr, 25, 8) != NULL;
	return XDP_PASS;
}

SEC("xdp")
int over_ring(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct bpf_dynptr ptr;
	out[9] = bpf_ringbuf_reserve_dynptr(&ring, (a & 0xfff) + 1, 0, &ptr);
	out[10] = bpf_dynptr_write(&ptr, 0, &b, 8, 0);
	bpf_ringbuf_submit_dynptr(&ptr, 0);
	return XDP_PASS;
}

SEC("xdp")
int over_packet(struct xdp_md *ctx)
{
	struct bpf_dynptr ptr;
	u8 buffer[8];
	u64 value = 0x1122334455667788;
	out[11] = bpf_dynptr_from_xdp(ctx, 0, &ptr);
	out[12] = bpf_dynptr_write(&ptr, 6, &value, 8, 0);
	u8 *p = bpf_dynptr_slice(&ptr, 12, buffer, sizeof(buffer));
	out[13] = p ? p[0] * 256 + p[1] : -1;
	p = bpf_dynptr_slice(&ptr, 2000, buffer, sizeof(buffer));
	out[14] = p != NULL;
	return XDP_PASS;
}

SEC("tc")
int over_skb(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;
	u64 value = 0;
	out[15] = bpf_dynptr_from_skb(skb, 1, &ptr);
	bpf_dynptr_from_skb(skb, 0, &ptr);
	out[16] = bpf_dynptr_read(&value, 4, &ptr, 26, 0);
	out[17] = value;
	out[18] = bpf_dynptr_write(&ptr, 0, &value, 4, 0);
	out[19] = bpf_dynptr_read(&value, 8, &ptr, 2000, 0);
	return TC_ACT_OK;
}

SEC("xdp")
int adjusted(struct xdp_md *ctx)
{
	OPERANDS(ctx);
	struct bpf_dynptr ptr;
	u64 value = 0;
	bpf_dynptr_from_mem(memory, sizeof(memory), 0, &ptr);
	bpf_dynptr_write(&ptr, 8, &b, 8, 0);
	out[20] = bpf_dynptr_adjust(&ptr, a & 15, 24);
	out[21] = bpf_dynptr_read(&value, 8, &ptr, 0, 0);
	out[22] = value;
	out[23] = bpf_dynptr_adjust(&ptr, 9, 8);
	out[24] = bpf_dynptr_is_null(&ptr);
	out[25] = bpf_dynptr_is_rdonly(&ptr);
	return XDP_PASS;
}
