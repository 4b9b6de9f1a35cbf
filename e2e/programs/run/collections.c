/* Objects of a program's own, in lists and trees behind a lock. */
#include "run.h"

#define __kptr __attribute__((btf_type_tag("kptr")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))

extern void *bpf_obj_new_impl(u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *object, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node, bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

struct item {
	u64 value;
	struct bpf_list_node list;
};

struct leaf {
	u64 value;
	struct bpf_rb_node node;
};

#define container(ptr, type, member) ((type *)((void *)(ptr) - offsetof(type, member)))

private(A) struct bpf_spin_lock list_lock;
private(A) struct bpf_list_head head __contains(item, list);
private(B) struct bpf_spin_lock tree_lock;
private(B) struct bpf_rb_root root __contains(leaf, node);

s64 out[32];

static __always_inline int put(u64 value, bool front)
{
	struct item *item = bpf_obj_new_impl(__builtin_btf_type_id(*(struct item *)0, 0), NULL);
	if (!item)
		return -1;
	item->value = value;
	bpf_spin_lock(&list_lock);
	int error = front ? bpf_list_push_front_impl(&head, &item->list, NULL, 0) : bpf_list_push_back_impl(&head, &item->list, NULL, 0);
	bpf_spin_unlock(&list_lock);
	return error;
}

static __always_inline s64 take(bool front)
{
	bpf_spin_lock(&list_lock);
	struct bpf_list_node *node = front ? bpf_list_pop_front(&head) : bpf_list_pop_back(&head);
	bpf_spin_unlock(&list_lock);
	if (!node)
		return -1;
	struct item *item = container(node, struct item, list);
	s64 value = item->value;
	bpf_obj_drop_impl(item, NULL);
	return value;
}

SEC("tc")
int lists(struct __sk_buff *skb)
{
	out[0] = put(skb->mark + 1, false);
	out[1] = put(skb->mark + 2, false);
	out[2] = put(skb->mark + 3, true);
	out[3] = take(true);
	out[4] = take(false);
	out[5] = take(false);
	out[6] = take(false);
	out[7] = put(skb->mark + 9, false);
	return TC_ACT_OK;
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container(a, struct leaf, node)->value < container(b, struct leaf, node)->value;
}

static __always_inline int plant(u64 value)
{
	struct leaf *leaf = bpf_obj_new_impl(__builtin_btf_type_id(*(struct leaf *)0, 0), NULL);
	if (!leaf)
		return -1;
	leaf->value = value;
	bpf_spin_lock(&tree_lock);
	int error = bpf_rbtree_add_impl(&root, &leaf->node, less, NULL, 0);
	bpf_spin_unlock(&tree_lock);
	return error;
}

static __always_inline s64 pick(void)
{
	struct bpf_rb_node *node;
	bpf_spin_lock(&tree_lock);
	node = bpf_rbtree_first(&root);
	if (!node) {
		bpf_spin_unlock(&tree_lock);
		return -1;
	}
	node = bpf_rbtree_remove(&root, node);
	bpf_spin_unlock(&tree_lock);
	if (!node)
		return -2;
	struct leaf *leaf = container(node, struct leaf, node);
	s64 value = leaf->value;
	bpf_obj_drop_impl(leaf, NULL);
	return value;
}

SEC("tc")
int trees(struct __sk_buff *skb)
{
	out[10] = plant(skb->mark * 7 & 31);
	out[11] = plant(skb->mark * 5 & 31);
	out[12] = plant(skb->mark * 3 & 31);
	out[13] = plant(4);
	out[14] = pick();
	out[15] = pick();
	out[16] = pick();
	return TC_ACT_OK;
}
