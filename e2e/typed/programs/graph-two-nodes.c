/* A node of a tree and of a list in one object, which needs a reference count too. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define private(name) SEC(".data." #name) __attribute__((aligned(8)))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))

struct item {
	struct bpf_rb_node rb;
	struct bpf_list_node list;
	__u64 key;
};

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_rb_root root __contains(item, rb);
private(B) struct bpf_spin_lock list_lock;
private(B) struct bpf_list_head head __contains(item, list);

SEC("tc")
int push(struct __sk_buff *skb)
{
	struct item *n = bpf_obj_new_impl(bpf_core_type_id_local(struct item), NULL);

	if (!n)
		return 1;
	bpf_spin_lock(&list_lock);
	bpf_list_push_back_impl(&head, &n->list, NULL, 0);
	bpf_spin_unlock(&list_lock);
	return 0;
}
