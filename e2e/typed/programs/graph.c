/* Linked lists and red-black trees of own objects. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))

struct item {
	struct bpf_rb_node rb;
	__u64 key;
};

struct link_item {
	__u64 key;
	struct bpf_list_node list;
};

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_rb_root root __contains(item, rb);
private(B) struct bpf_spin_lock list_lock;
private(B) struct bpf_list_head head __contains(link_item, list);

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, rb)->key < container_of(b, struct item, rb)->key;
}

#define new_item() ((struct item *)bpf_obj_new_impl(bpf_core_type_id_local(struct item), NULL))
#define new_link() ((struct link_item *)bpf_obj_new_impl(bpf_core_type_id_local(struct link_item), NULL))

SEC("tc")
int tree_right(struct __sk_buff *skb)
{
	struct item *n = new_item();
	struct bpf_rb_node *first;

	if (!n)
		return 1;
	n->key = skb->len;
	bpf_spin_lock(&lock);
	bpf_rbtree_add_impl(&root, &n->rb, less, NULL, 0);
	first = bpf_rbtree_first(&root);
	if (first)
		first = bpf_rbtree_remove(&root, first);
	bpf_spin_unlock(&lock);
	if (first)
		bpf_obj_drop_impl(container_of(first, struct item, rb), NULL);
	return 0;
}

SEC("tc")
int tree_without_lock(struct __sk_buff *skb)
{
	struct item *n = new_item();

	if (n)
		bpf_rbtree_add_impl(&root, &n->rb, less, NULL, 0);
	return 0;
}

SEC("tc")
int tree_other_lock(struct __sk_buff *skb)
{
	struct item *n = new_item();

	if (!n)
		return 1;
	bpf_spin_lock(&list_lock);
	bpf_rbtree_add_impl(&root, &n->rb, less, NULL, 0);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc")
int object_leaked(struct __sk_buff *skb)
{
	struct item *n = new_item();

	if (n)
		n->key = 1;
	return 0;
}

SEC("tc")
int object_unchecked(struct __sk_buff *skb)
{
	struct item *n = new_item();

	n->key = 1;
	bpf_obj_drop_impl(n, NULL);
	return 0;
}

SEC("tc")
int object_used_after_drop(struct __sk_buff *skb)
{
	struct item *n = new_item();

	if (!n)
		return 0;
	bpf_obj_drop_impl(n, NULL);
	return n->key;
}

SEC("tc")
int list_right(struct __sk_buff *skb)
{
	struct link_item *n = new_link();
	struct bpf_list_node *got;

	if (!n)
		return 1;
	bpf_spin_lock(&list_lock);
	bpf_list_push_back_impl(&head, &n->list, NULL, 0);
	got = bpf_list_pop_front(&head);
	bpf_spin_unlock(&list_lock);
	if (got)
		bpf_obj_drop_impl(container_of(got, struct link_item, list), NULL);
	return 0;
}

SEC("tc")
int list_pop_leaked(struct __sk_buff *skb)
{
	struct bpf_list_node *got;

	bpf_spin_lock(&list_lock);
	got = bpf_list_pop_front(&head);
	bpf_spin_unlock(&list_lock);
	return got != NULL;
}
