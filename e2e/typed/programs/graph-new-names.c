/* Own objects by the names of newer kernels, without arguments that the verifier fills in. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))

struct item {
	struct bpf_list_node node;
	__u64 key;
};

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_list_head head __contains(item, node);

SEC("tc")
int push(struct __sk_buff *skb)
{
	struct item *n = bpf_obj_new(bpf_core_type_id_local(struct item));

	if (!n)
		return 1;
	bpf_spin_lock(&lock);
	bpf_list_push_front(&head, &n->node);
	bpf_spin_unlock(&lock);
	return 0;
}

SEC("tc")
int push_without_lock(struct __sk_buff *skb)
{
	struct item *n = bpf_obj_new(bpf_core_type_id_local(struct item));

	if (n)
		bpf_list_push_front(&head, &n->node);
	return 0;
}
