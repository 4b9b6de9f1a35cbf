/* BPF_KPROBE, BPF_KRETPROBE, and reading kernel memory the right way and the other. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	__u32 pid;
	char comm[16];
	char file[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlink_right, int dfd, struct filename *name)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	const char *path;

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	path = BPF_CORE_READ(name, name);
	bpf_probe_read_kernel_str(e->file, sizeof(e->file), path);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(unlink_exit, long ret)
{
	bpf_printk("unlink: %ld", ret);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(direct_dereference, int dfd, struct filename *name)
{
	return name->name != 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(no_null_check, int dfd)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	e->pid = dfd;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(early_return_leaks, int dfd)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	if (dfd < 0)
		return 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(write_after_submit, int dfd)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	bpf_ringbuf_submit(e, 0);
	e->pid = 1;
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(submit_inside, int dfd)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	bpf_ringbuf_submit(&e->comm, 0);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(past_record, int dfd)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	((volatile __u32 *)e)[sizeof(*e) / 4] = 1;
	bpf_ringbuf_discard(e, 0);
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(variable_size, int dfd)
{
	void *e = bpf_ringbuf_reserve(&events, dfd & 63, 0);

	if (e)
		bpf_ringbuf_discard(e, 0);
	return 0;
}
