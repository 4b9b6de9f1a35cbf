/* Strings compared and searched: helpers, kfuncs of 6.17 and later, and builtins. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const char wanted[] = "bash";
char name[16];

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(compares_comm, int dfd)
{
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	return bpf_strncmp(comm, sizeof(comm), "sshd") == 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(compares_by_builtin, int dfd)
{
	char comm[16];

	bpf_get_current_comm(comm, sizeof(comm));
	return __builtin_memcmp(comm, "sshd", 4) == 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(compares_by_kfunc, int dfd)
{
	return bpf_strcmp(wanted, name) == 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(finds_by_kfunc, int dfd)
{
	return bpf_strchr(name, 'x') + bpf_strlen(name);
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(numbers, int dfd)
{
	long v = 0;
	char text[8] = "12 ";

	return bpf_strtol(text, sizeof(text), 10, &v) + v;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(comm_too_small, int dfd)
{
	char comm[8];

	return bpf_get_current_comm(comm, 0);
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(copies_by_loop, int dfd)
{
	char comm[16], other[16];

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < 16; i++) {
		other[i] = comm[i];
		if (!comm[i])
			break;
	}
	return other[15];
}
