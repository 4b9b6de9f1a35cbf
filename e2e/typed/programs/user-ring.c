/* A user ring buffer, drained by a callback; a bloom filter beside it. 6.1 and later have the map type. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__type(value, __u32);
} known SEC(".maps");

struct command {
	__u32 op, value;
};

static long on_command(struct bpf_dynptr *p, void *ctx)
{
	struct command c;
	__u32 *total = ctx;

	if (bpf_dynptr_read(&c, sizeof(c), p, 0, 0))
		return 1;
	*total += c.value;
	return 0;
}

static long on_data(struct bpf_dynptr *p, void *ctx)
{
	struct command *c = bpf_dynptr_data(p, 0, sizeof(*c));

	return c && c->op;
}

static long on_data_written(struct bpf_dynptr *p, void *ctx)
{
	struct command *c = bpf_dynptr_data(p, 0, sizeof(*c));

	if (c)
		c->op = 0;
	return 0;
}

SEC("syscall")
int drain(void *ctx)
{
	__u32 total = 0;

	bpf_user_ringbuf_drain(&commands, on_command, &total, 0);
	return total;
}

SEC("syscall")
int drain_data(void *ctx)
{
	return bpf_user_ringbuf_drain(&commands, on_data, NULL, 0);
}

SEC("syscall")
int drain_written(void *ctx)
{
	return bpf_user_ringbuf_drain(&commands, on_data_written, NULL, 0);
}

SEC("syscall")
int bloom(void *ctx)
{
	__u32 v = 5;

	bpf_map_push_elem(&known, &v, BPF_ANY);
	return bpf_map_peek_elem(&known, &v);
}

SEC("syscall")
int bloom_pop(void *ctx)
{
	__u32 v = 5;

	return bpf_map_pop_elem(&known, &v);
}

SEC("syscall")
int bloom_lookup(void *ctx)
{
	__u32 v = 5;

	return bpf_map_lookup_elem(&known, &v) != 0;
}
