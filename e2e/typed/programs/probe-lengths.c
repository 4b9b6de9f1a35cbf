/* Lengths of bpf_probe_read and friends: every way of bounding them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, char[256]);
} scratch SEC(".maps");

static __always_inline char *buffer(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&scratch, &zero);
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_unchecked, void *file, const char *buf, size_t count)
{
	char *to = buffer();

	if (to)
		bpf_probe_read_user(to, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_masked, void *file, const char *buf, size_t count)
{
	char *to = buffer();

	if (to)
		bpf_probe_read_user(to, count & 255, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_compared, void *file, const char *buf, size_t count)
{
	char *to = buffer();

	if (to && count <= 256)
		bpf_probe_read_user(to, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_one_too_many, void *file, const char *buf, size_t count)
{
	char *to = buffer();

	if (to && count <= 257)
		bpf_probe_read_user(to, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_signed, void *file, const char *buf, int count)
{
	char *to = buffer();

	if (to && count < 256)
		bpf_probe_read_user(to, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_signed_right, void *file, const char *buf, int count)
{
	char *to = buffer();

	if (to && count > 0 && count < 256)
		bpf_probe_read_user(to, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(length_and_offset, void *file, const char *buf, __u32 count, __u32 off)
{
	char *to = buffer();

	if (to && off < 128 && count <= 128)
		bpf_probe_read_user(to + off, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(sum_compared, void *file, const char *buf, __u32 count, __u32 off)
{
	char *to = buffer();

	if (to && off + count <= 256)
		bpf_probe_read_user(to + off, count, buf);
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(to_stack, void *file, const char *buf, size_t count)
{
	char local[32];

	if (count < sizeof(local))
		bpf_probe_read_user(local, count, buf);
	return local[0];
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(str_result_as_index, void *file, const char *buf, size_t count)
{
	char *to = buffer();
	long n;

	if (!to)
		return 0;
	n = bpf_probe_read_user_str(to, 64, buf);
	if (n < 0)
		return 0;
	to[n] = 0;
	return 0;
}

SEC("kprobe/vfs_write")
int BPF_KPROBE(str_result_unchecked, void *file, const char *buf, size_t count)
{
	char *to = buffer();

	if (to)
		to[bpf_probe_read_user_str(to, 64, buf)] = 0;
	return 0;
}
