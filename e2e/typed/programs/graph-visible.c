/* A lock among global variables that user space can see: libbpf would have to map its memory. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct bpf_spin_lock lock SEC(".data.A");
int counter SEC(".data.A");

SEC("tc")
int counts(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	counter++;
	bpf_spin_unlock(&lock);
	return 0;
}

static struct bpf_spin_lock own SEC(".data.B");
static int own_counter SEC(".data.B");

SEC("tc")
int counts_own(struct __sk_buff *skb)
{
	bpf_spin_lock(&own);
	own_counter++;
	bpf_spin_unlock(&own);
	return 0;
}
