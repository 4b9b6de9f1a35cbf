// Calls as people write them that the verifier refuses; with MENDED each has what the explanation proposes, and is taken.
// e2e/explain/pairs.test.ts knows what has to be said about each.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#ifdef MENDED
#define PICK(wrong, mended) mended
#else
#define PICK(wrong, mended) wrong
#endif

struct guarded {
	struct bpf_spin_lock lock;
	int count;
	char text[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct guarded);
} guards SEC(".maps");

struct held {
	struct task_struct __kptr *task;
	struct file __kptr *file;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct held);
} holder SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner_one SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner_one } };

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u64);
} waiting SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} per_cgroup SEC(".maps");

extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
#define bpf_obj_new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), 0))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))

int sum;
char global_buffer[32];
struct bpf_dynptr global_dynptr;

SEC(PICK("xdp", "tc"))
int helper_of_another_type(PICK(struct xdp_md, struct __sk_buff) *ctx)
{
	return bpf_skb_pull_data((void *)ctx, 0);
}

SEC(PICK("kprobe/do_nanosleep", "tp_btf/sched_switch"))
int kfunc_of_another_type(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (task)
		bpf_task_release(task);
	return 0;
}

SEC(PICK("lsm/file_open", "lsm.s/file_open"))
int sleeping_call(void *ctx)
{
	return bpf_copy_from_user(&sum, sizeof(sum), (void *)16) ? 0 : 0;
}

SEC("lsm.s/file_open")
int sleeping_in_rcu(void *ctx)
{
	bpf_rcu_read_lock();
#ifdef MENDED
	bpf_rcu_read_unlock();
	bpf_copy_from_user(&sum, sizeof(sum), (void *)16);
#else
	bpf_copy_from_user(&sum, sizeof(sum), (void *)16);
	bpf_rcu_read_unlock();
#endif
	return 0;
}

SEC("tc")
int socket_unchecked(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	PICK(, if (sk))
		bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int released_twice(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
	bpf_sk_release(sk);
	PICK(bpf_sk_release(sk), );
	return 0;
}

SEC("tc")
int inner_unchecked(struct __sk_buff *skb)
{
	__u32 key = 0;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	__u64 *value;

#ifdef MENDED
	if (!inner)
		return 0;
#endif
	value = bpf_map_lookup_elem(inner, &key);
	return value ? *value : 0;
}

SEC("lsm.s/file_open")
int cgroup_without_rcu(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

#ifdef MENDED
	bpf_rcu_read_lock();
#endif
	bpf_cgrp_storage_get(&per_cgroup, task->cgroups->dfl_cgrp, 0, 0);
#ifdef MENDED
	bpf_rcu_read_unlock();
#endif
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(another_structure, bool preempt, struct task_struct *prev)
{
	bpf_cgrp_storage_get(&per_cgroup, PICK((void *)prev, prev->cgroups->dfl_cgrp), 0, 0);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(address_of_pointer, bool preempt, struct task_struct *prev)
{
	struct task_struct *task = prev;

	task = bpf_task_acquire(PICK((void *)&task, task));
	if (task)
		bpf_task_release(task);
	return 0;
}

SEC("raw_tp/sched_switch")
int address_as_memory(__u64 *ctx)
{
#ifdef MENDED
	char name[16] = {};
	bpf_probe_read_kernel(name, sizeof(name), (void *)ctx[1]);
#else
	char *name = (void *)ctx[1];
#endif
	return bpf_strncmp(name, 16, "init") == 0;
}

struct entry {
	struct bpf_list_node link;
	int value;
};
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
private(A) struct bpf_spin_lock list_lock;
private(A) struct bpf_list_head list_head __contains(entry, link);

SEC("tc")
int pushed_twice(struct __sk_buff *skb)
{
	struct entry *n = bpf_obj_new(typeof(*n));

	if (!n)
		return 0;
	bpf_spin_lock(&list_lock);
	bpf_list_push_front(&list_head, &n->link);
	PICK(bpf_list_push_front(&list_head, &n->link), );
	bpf_spin_unlock(&list_lock);
	return 0;
}

struct two {
	__u64 a, b;
};
__noinline int read_value(__u64 *value __arg_nonnull)
{
	return *value;
}
__noinline int read_two(struct two *pair)
{
	return pair ? pair->a + pair->b : 0;
}
SEC("tc")
int global_gets_null(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&table, &key);

#ifdef MENDED
	if (!value)
		return 0;
#endif
	return read_value(value);
}

SEC("tc")
int global_gets_too_little(struct __sk_buff *skb)
{
#ifdef MENDED
	struct two pair = { skb->len };
#else
	__u64 pair = skb->len;
#endif
	return read_two((void *)&pair);
}

PICK(, static) __noinline struct entry *give_pointer(int n)
{
	return n ? bpf_obj_new(struct entry) : 0;
}
SEC("tc")
int global_gives_pointer(struct __sk_buff *skb)
{
	struct entry *e = give_pointer(skb->mark);

	if (e)
		bpf_obj_drop_impl(e, 0);
	return 0;
}

static int throwing(__u32 i, void *data)
{
#ifdef MENDED
	return 1;
#else
	bpf_throw(1);
	return 0;
#endif
}
SEC("tc")
int throws_in_callback(struct __sk_buff *skb)
{
	bpf_loop(4, throwing, 0, 0);
#ifdef MENDED
	bpf_throw(1);
#endif
	return 0;
}


__noinline int caught(PICK(__u64 *cookie, __u64 cookie))
{
	return PICK(cookie != 0, cookie);
}
SEC("tc")
__attribute__((btf_decl_tag("exception_callback:caught")))
int exception_with_pointer(struct __sk_buff *skb)
{
	if (skb->len == 3)
		bpf_throw(1);
	return 0;
}

PICK(, static) __noinline int walked(struct bpf_map *map, __u32 *key, __u64 *value, void *data)
{
	return 0;
}
SEC("tc")
int global_callback(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&table, walked, 0, 0);
	return 0;
}

static int stepped(struct bpf_map *map, __u32 *key, __u64 *value, void *data)
{
	return 0;
}
SEC("tc")
int walks_queue(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(PICK(&waiting, &table), stepped, 0, 0);
	return 0;
}

SEC("tc")
int slice_of_any_size(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	char buffer[16];
	char *p;

	if (bpf_dynptr_from_skb(skb, 0, &d))
		return 0;
	p = bpf_dynptr_slice(&d, 0, buffer, PICK(skb->mark & 15, 16));
	return p ? *p : 0;
}

SEC("tc")
int dynptr_never_set(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	__u32 n = 0;

#ifdef MENDED
	bpf_dynptr_from_mem(global_buffer, sizeof(global_buffer), 0, &d);
#endif
	bpf_dynptr_read(&n, sizeof(n), &d, 0, 0);
	return n;
}

SEC("tc")
int dynptr_of_local(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	char buffer[32] = {};
	__u32 n = 0;

	bpf_dynptr_from_mem(PICK(buffer, global_buffer), 32, 0, &d);
	bpf_dynptr_read(&n, sizeof(n), &d, 0, 0);
	return n;
}

SEC("tc")
int dynptr_global(struct __sk_buff *skb)
{
#ifdef MENDED
	struct bpf_dynptr d, *p = &d;
#else
	struct bpf_dynptr *p = &global_dynptr;
#endif
	bpf_dynptr_from_mem(global_buffer, sizeof(global_buffer), 0, p);
	return 0;
}

SEC("tc")
int dynptr_after_submit(struct __sk_buff *skb)
{
	struct bpf_dynptr d;

	bpf_ringbuf_reserve_dynptr(&records, 16, 0, &d);
#ifdef MENDED
	bpf_dynptr_write(&d, 0, &sum, 4, 0);
	bpf_ringbuf_submit_dynptr(&d, 0);
#else
	bpf_ringbuf_submit_dynptr(&d, 0);
	bpf_dynptr_write(&d, 0, &sum, 4, 0);
#endif
	return 0;
}

SEC("tc")
int dynptr_of_another_kind(struct __sk_buff *skb)
{
	struct bpf_dynptr d;

#ifdef MENDED
	bpf_ringbuf_reserve_dynptr(&records, 16, 0, &d);
#else
	bpf_dynptr_from_mem(global_buffer, sizeof(global_buffer), 0, &d);
#endif
	bpf_ringbuf_discard_dynptr(&d, 0);
	return 0;
}

SEC("tc")
int iterator_never_set(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *v;

#ifdef MENDED
	bpf_iter_num_new(&it, 0, 4);
#endif
	while ((v = bpf_iter_num_next(&it)))
		sum += *v;
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("tc")
int iterator_set_twice(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 4);
#ifdef MENDED
	bpf_iter_num_destroy(&it);
#endif
	bpf_iter_num_new(&it, 0, 4);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("tc")
int irq_wrong_order(struct __sk_buff *skb)
{
	unsigned long outer_flags, inner_flags;

	bpf_local_irq_save(&outer_flags);
	bpf_local_irq_save(&inner_flags);
	bpf_local_irq_restore(PICK(&outer_flags, &inner_flags));
	bpf_local_irq_restore(PICK(&inner_flags, &outer_flags));
	return 0;
}

SEC("tc")
int irq_restored_twice(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	PICK(bpf_local_irq_restore(&flags), );
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(kptr_stored, bool preempt, struct task_struct *prev)
{
	__u32 key = 0;
	struct held *held = bpf_map_lookup_elem(&holder, &key);
	struct task_struct *task, *old;

	if (!held)
		return 0;
	task = bpf_task_acquire(prev);
	if (!task)
		return 0;
#ifdef MENDED
	old = bpf_kptr_xchg(&held->task, task);
	if (old)
		bpf_task_release(old);
#else
	held->task = task;
#endif
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(kptr_of_another_type, bool preempt, struct task_struct *prev)
{
	__u32 key = 0;
	struct held *held = bpf_map_lookup_elem(&holder, &key);
	struct task_struct *task;
	void *old;

	if (!held)
		return 0;
	task = bpf_task_acquire(prev);
	if (!task)
		return 0;
#ifdef MENDED
	old = bpf_kptr_xchg(&held->task, task);
	if (old)
		bpf_task_release(old);
#else
	old = bpf_kptr_xchg((void *)&held->file, task);
#endif
	return 0;
}

SEC("tc")
int call_under_lock(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);
	__u64 now;

	if (!g)
		return 0;
#ifdef MENDED
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&g->lock);
#else
	bpf_spin_lock(&g->lock);
	now = bpf_ktime_get_ns();
#endif
	g->count = now;
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int two_locks(struct __sk_buff *skb)
{
	__u32 key = 0, other = 1;
	struct guarded *a = bpf_map_lookup_elem(&guards, &key);
	struct guarded *b = bpf_map_lookup_elem(&guards, &other);

	if (!a || !b)
		return 0;
	bpf_spin_lock(&a->lock);
#ifdef MENDED
	bpf_spin_unlock(&a->lock);
	bpf_spin_lock(&b->lock);
	bpf_spin_unlock(&b->lock);
#else
	bpf_spin_lock(&b->lock);
	bpf_spin_unlock(&b->lock);
	bpf_spin_unlock(&a->lock);
#endif
	return 0;
}

SEC("tc")
int unlocks_another(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *a = bpf_map_lookup_elem(&guards, &key);
	struct guarded *b = bpf_map_lookup_elem(&guards, &key);

	if (!a || !b)
		return 0;
	bpf_spin_lock(&a->lock);
	bpf_spin_unlock(PICK(&b->lock, &a->lock));
	return 0;
}

SEC("tc")
int unlocks_without(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);

	if (!g)
		return 0;
	PICK(, bpf_spin_lock(&g->lock));
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_as_data(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);

	if (!g)
		return 0;
	sum = *(volatile int *)PICK((void *)&g->lock, &g->count);
	return 0;
}

SEC("tc")
int helper_over_the_lock(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);

	if (!g)
		return 0;
	bpf_skb_load_bytes(skb, 0, PICK((void *)g, g->text), 16);
	return 0;
}

SEC("tc")
int lock_beside(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);

	if (!g)
		return 0;
	bpf_spin_lock(PICK((void *)&g->count, &g->lock));
	bpf_spin_unlock(&g->lock);
	return 0;
}

SEC("tc")
int lock_in_no_map(struct __sk_buff *skb)
{
	__u32 key = 0;
#ifdef MENDED
	struct guarded *v = bpf_map_lookup_elem(&guards, &key);
#else
	struct guarded *v = bpf_map_lookup_elem(&table, &key);
#endif

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("raw_tp/sched_switch")
int lock_while_tracing(void *ctx)
{
	__u32 key = 0;
#ifdef MENDED
	__u64 *value = bpf_map_lookup_elem(&table, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
#else
	struct guarded *g = bpf_map_lookup_elem(&guards, &key);

	if (!g)
		return 0;
	bpf_spin_lock(&g->lock);
	g->count++;
	bpf_spin_unlock(&g->lock);
#endif
	return 0;
}

SEC(PICK("fentry/__rcu_read_lock", "fentry/tcp_close"))
int not_to_be_traced(void *ctx)
{
	return 0;
}
SEC(PICK("fexit/do_exit", "fentry/do_exit"))
int never_returns(void *ctx)
{
	return 0;
}
SEC(PICK("fmod_ret/tcp_close", "fentry/tcp_close"))
int not_modifiable(void *ctx)
{
	return 0;
}
SEC(PICK("tp_btf.s/sched_switch", "tp_btf/sched_switch"))
int tracepoint_that_sleeps(void *ctx)
{
	return 0;
}
SEC(PICK("lsm/getprocattr", "lsm/file_open"))
int disabled_hook(void *ctx)
{
	return 0;
}
SEC(PICK("lsm.s/task_free", "lsm/task_free"))
int hook_that_sleeps(void *ctx)
{
	return 0;
}

static const char good[] = "%d", bad[] = "%q";
SEC("tc")
int format_unknown(struct __sk_buff *skb)
{
	char out[16];
	__u64 args[1] = { skb->len };

	bpf_snprintf(out, sizeof(out), PICK(bad, good), args, sizeof(args));
	return out[0];
}

char LICENSE[] SEC("license") = "GPL";
