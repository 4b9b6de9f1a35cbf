// Programs as people write them that the verifier refuses; with -DMENDED each has what the explanation proposes, and is
// taken. e2e/explain/mended.test.ts knows what has to be said about each.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define XDP_DATA(ctx) ((void *)(long)(ctx)->data)
#define XDP_END(ctx) ((void *)(long)(ctx)->data_end)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} socks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, __u64);
} settings SEC(".maps");

struct later {
	struct bpf_timer timer;
	__u64 runs;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct later);
} alarms SEC(".maps"), others SEC(".maps");

#ifdef MENDED
__u64 threshold = 5;
#else
const volatile __u64 threshold = 5;
#endif
volatile int choice;

struct item {
	int value;
	struct bpf_list_node link;
};
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
private(list) struct bpf_spin_lock guard;
private(list) struct bpf_list_head nodes __attribute__((btf_decl_tag("contains:item:link")));

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *p, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
#define new_node() ((struct item *)bpf_obj_new_impl(bpf_core_type_id_local(struct item), NULL))

/* ---- pointers that may be NULL, or are none ---- */
SEC("xdp")
int look_up(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

#ifdef MENDED
	if (!value)
		return XDP_PASS;
#endif
	*value += 1;
	return XDP_PASS;
}

SEC("iter/task")
int task_of_iterator(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

#ifdef MENDED
	if (!task)
		return 0;
#endif
	BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", task->pid);
	return 0;
}

SEC("tc")
int socket_after_release(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	int state;

	if (!sk)
		return 0;
#ifdef MENDED
	state = sk->state;
	bpf_sk_release(sk);
#else
	bpf_sk_release(sk);
	state = sk->state;
#endif
	return state == 10;
}

SEC("kprobe/do_exit")
int kernel_pointer(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

#ifdef MENDED
	choice = BPF_CORE_READ(task, pid);
#else
	choice = task->pid;
#endif
	return 0;
}

SEC("tc")
int unset_register(struct __sk_buff *skb)
{
	long x;

#ifdef MENDED
	asm volatile("r7 = 1\n%[x] = r7" : [x] "=r"(x) :: "r7");
#else
	asm volatile("%[x] = r7" : [x] "=r"(x) :: "r7");
#endif
	return x;
}

/* ---- pointer arithmetic ---- */
SEC("tc")
int variable_context(struct __sk_buff *skb)
{
#ifdef MENDED
	__u32 copy[] = { skb->cb[0], skb->cb[1], skb->cb[2], skb->cb[3] };

	return copy[skb->hash & 3];
#else
	__u32 *p = (void *)skb + (skb->hash & 12);

	return *(volatile __u32 *)p;
#endif
}

SEC("tc")
int end_is_moved(struct __sk_buff *skb)
{
	void *data = XDP_DATA(skb), *end = XDP_END(skb);

	asm volatile("" : "+r"(data), "+r"(end));
#ifdef MENDED
	if (data + 14 > end)
#else
	if (data > end - 14)
#endif
		return 0;
	return *(__u8 *)data;
}

SEC("xdp")
int signed_index(struct xdp_md *ctx)
{
	static volatile char table[64];
	__u32 key = 0;
	__s64 *value = bpf_map_lookup_elem(&counts, &key);
	__s64 i;

	if (!value)
		return XDP_PASS;
	i = *value;
#ifdef MENDED
	if (i < 0 || i > 63)
		return XDP_PASS;
#endif
	return table[i];
}

SEC("tc")
int masked_pointer(struct __sk_buff *skb)
{
	__u64 buffer[2] = {};
	char *p = (char *)buffer;

#ifdef MENDED
	long off = skb->len & 7;

	asm volatile("%[p] += %[o]" : [p] "+r"(p) : [o] "r"(off));
#else
	asm volatile("%[p] &= 7" : [p] "+r"(p));
#endif
	return *(volatile char *)p;
}

/* ---- the packet ---- */
SEC("xdp")
int wrong_branch(struct xdp_md *ctx)
{
	unsigned char *data = XDP_DATA(ctx), *end = XDP_END(ctx);

#ifdef MENDED
	if (data + 4 <= end)
#else
	if (data + 4 > end)
#endif
		return data[3];
	return XDP_PASS;
}

#ifdef MENDED
SEC("tc")
#else
SEC("cgroup_skb/ingress")
#endif
int write_packet(struct __sk_buff *skb)
{
	unsigned char *data = XDP_DATA(skb), *end = XDP_END(skb);

	if (data + 4 > end)
		return 1;
	data[0] = 1;
	return 1;
}

SEC("tc")
int packet_to_helper(struct __sk_buff *skb)
{
	unsigned char *data = XDP_DATA(skb), *end = XDP_END(skb);

	if (data + 6 > end)
		return 0;
#ifdef MENDED
	__u8 copy[6];

	__builtin_memcpy(copy, data, 6);
	bpf_skb_store_bytes(skb, 6, copy, 6, 0);
#else
	bpf_skb_store_bytes(skb, 6, data, 6, 0);
#endif
	return 0;
}

/* ---- maps ---- */
SEC("xdp")
int change_setting(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&settings, &key);

	if (!value)
		return XDP_PASS;
#ifdef MENDED
	bpf_map_update_elem(&counts, &key, value, BPF_ANY);
#else
	*value = 1;
#endif
	return XDP_PASS;
}

SEC("tc")
int helper_writes_constant(struct __sk_buff *skb)
{
	bpf_skb_load_bytes(skb, 0, (void *)&threshold, sizeof(threshold));
	return 0;
}

SEC("xdp")
int output_to_wrong_map(struct xdp_md *ctx)
{
	__u64 value = 1;

#ifdef MENDED
	bpf_ringbuf_output(&events, &value, sizeof(value), 0);
#else
	bpf_perf_event_output(ctx, &events, 0, &value, sizeof(value));
#endif
	return XDP_PASS;
}

#ifdef MENDED
SEC("tc")
#else
SEC("kprobe/do_exit")
#endif
int change_sockmap(void *ctx)
{
	__u32 key = 0;

	bpf_map_delete_elem(&socks, &key);
	return 0;
}

static int fired(void *map, __u32 *key, struct later *later)
{
	later->runs++;
	return 0;
}
SEC("tc")
int timer_of_other_map(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct later *later = bpf_map_lookup_elem(&alarms, &key);

	if (!later)
		return 0;
#ifdef MENDED
	bpf_timer_init(&later->timer, &alarms, 1);
#else
	bpf_timer_init(&later->timer, &others, 1);
#endif
	bpf_timer_set_callback(&later->timer, fired);
	return 0;
}

/* ---- numbers ---- */
SEC("cgroup_skb/ingress")
int returns_length(struct __sk_buff *skb)
{
	int ret = skb->len;

#ifdef MENDED
	if (ret < 0 || ret > 1)
		ret = 0;
#endif
	return ret;
}

SEC("fentry/do_nanosleep")
int BPF_PROG(returns_one)
{
#ifdef MENDED
	return 0;
#else
	return 1;
#endif
}

SEC("tc")
int unbounded_length(struct __sk_buff *skb)
{
	char buf[64];
	__u32 len = skb->len;

#ifdef MENDED
	if (len == 0 || len > sizeof(buf))
		return 0;
#endif
	return bpf_skb_load_bytes(skb, 0, buf, len);
}

SEC("tc")
int signed_length(struct __sk_buff *skb)
{
	char buf[64];
#ifdef MENDED
	unsigned int len = bpf_get_prandom_u32();

	if (len == 0)
		return 0;
	barrier_var(len);
	if (len > sizeof(buf))
		return 0;
#else
	int len = bpf_get_prandom_u32();

	if (len > (int)sizeof(buf))
		return 0;
#endif
	return bpf_skb_load_bytes(skb, 0, buf, len);
}

SEC("tc")
int compared_elsewhere(struct __sk_buff *skb)
{
	char buf[64];
	unsigned int len = bpf_get_prandom_u32();

#ifdef MENDED
	if (len == 0)
		return 0;
	barrier_var(len);
	if (len > sizeof(buf))
		return 0;
#else
	if (len == 0 || len > sizeof(buf))
		return 0;
#endif
	return bpf_skb_load_bytes(skb, 0, buf, len);
}

SEC("tc")
int merged_fields(struct __sk_buff *skb)
{
	__u32 n = skb->hash & 3;

#ifdef MENDED
	__u32 a = skb->cb[0];
	barrier_var(a);
	__u32 b = skb->cb[1];
	barrier_var(b);

	return n == 0 ? a : b;
#else
	return n == 0 ? skb->cb[0] : skb->cb[1];
#endif
}

SEC("tc")
int maybe_zero(struct __sk_buff *skb)
{
	char buf[64];
	__u32 len = skb->len & 31;

#ifdef MENDED
	if (len == 0)
		return 0;
#endif
	return bpf_skb_load_bytes(skb, 0, buf, len);
}

SEC("tc")
int longer_than_buffer(struct __sk_buff *skb)
{
	char buf[16];

#ifdef MENDED
	return bpf_skb_load_bytes(skb, 0, buf, sizeof(buf));
#else
	return bpf_skb_load_bytes(skb, 0, buf, 24);
#endif
}

/* ---- the stack ---- */
SEC("tc")
int index_into_stack(struct __sk_buff *skb)
{
	char buf[16] = {};
	__u32 i = skb->len;

	bpf_skb_load_bytes(skb, 0, buf, sizeof(buf));
#ifdef MENDED
	if (i >= 16)
		return 0;
#endif
	return buf[i];
}

struct pair {
	__u32 a;
	__u64 b;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct pair);
	__type(value, __u64);
} pairs SEC(".maps");
SEC("socket")
int padding_in_key(struct __sk_buff *skb)
{
	struct pair key;

#ifdef MENDED
	__builtin_memset(&key, 0, sizeof(key));
#endif
	key.a = skb->len;
	key.b = 2;
	return bpf_map_lookup_elem(&pairs, &key) != 0;
}

static __noinline int deep(struct __sk_buff *skb)
{
#ifdef MENDED
	char more[80];
#else
	char more[280];
#endif
	bpf_skb_load_bytes(skb, 0, more, sizeof(more));
	return more[skb->len & 63];
}
SEC("tc")
int deep_stack(struct __sk_buff *skb)
{
	char some[280];

	bpf_skb_load_bytes(skb, 0, some, sizeof(some));
	return deep(skb) + some[skb->len & 127];
}

/* ---- what is held ---- */
SEC("tc")
int early_return(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	if (skb->len < 64) {
#ifdef MENDED
		bpf_ringbuf_discard(event, 0);
#endif
		return 0;
	}
	*event = skb->len;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tc")
int dynptr_kept(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	if (bpf_ringbuf_reserve_dynptr(&events, 8, 0, &p)) {
#ifdef MENDED
		bpf_ringbuf_discard_dynptr(&p, 0);
#endif
		return 0;
	}
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(release_argument, struct task_struct *task, __u64 flags)
{
#ifdef MENDED
	task = bpf_task_acquire(task);
	if (!task)
		return 0;
#endif
	bpf_task_release(task);
	return 0;
}

SEC("lsm.s/file_open")
int BPF_PROG(member_of_task, struct file *file)
{
	struct task_struct *p;

#ifdef MENDED
	bpf_rcu_read_lock();
#endif
	p = bpf_task_acquire(bpf_get_current_task_btf()->real_parent);
#ifdef MENDED
	bpf_rcu_read_unlock();
#endif
	if (p)
		bpf_task_release(p);
	return 0;
}

#ifdef MENDED
SEC("tp_btf/sched_wakeup")
#else
SEC("fentry/wake_up_new_task")
#endif
int BPF_PROG(argument_of_fentry, struct task_struct *task)
{
	struct task_struct *p = bpf_task_acquire(task);

	if (p)
		bpf_task_release(p);
	return 0;
}

SEC("tc")
int preemption_off(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len > 100) {
#ifdef MENDED
		bpf_preempt_enable();
#endif
		return 1;
	}
	bpf_preempt_enable();
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(unlocks_twice)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
#ifndef MENDED
	bpf_rcu_read_unlock();
#endif
	return 0;
}

SEC("tc")
int push_without_lock(struct __sk_buff *skb)
{
	struct item *n = new_node();

	if (!n)
		return 0;
#ifdef MENDED
	bpf_spin_lock(&guard);
#endif
	bpf_list_push_front_impl(&nodes, &n->link, NULL, 0);
#ifdef MENDED
	bpf_spin_unlock(&guard);
#endif
	return 0;
}

SEC("tc")
int pushed_twice(struct __sk_buff *skb)
{
	struct item *n = new_node();

	if (!n)
		return 0;
	bpf_spin_lock(&guard);
	bpf_list_push_front_impl(&nodes, &n->link, NULL, 0);
#ifndef MENDED
	bpf_list_push_front_impl(&nodes, &n->link, NULL, 0);
#endif
	bpf_spin_unlock(&guard);
	return 0;
}

/* ---- strings, sockets, loops ---- */
#ifdef MENDED
const char wanted[] = "bash";
#else
char wanted[] = "bash";
#endif
SEC("kprobe/do_exit")
int string_of_data(struct pt_regs *ctx)
{
	char comm[16] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	choice = bpf_strncmp(comm, sizeof(comm), wanted);
	return 0;
}

SEC("cgroup_skb/ingress")
int common_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 1;
#ifdef MENDED
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 1;
#endif
	return sk->protocol == 6;
}

SEC("tc")
int write_to_socket(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sk)
		return 0;
#ifdef MENDED
	choice = sk->mark;
#else
	sk->mark = 1;
#endif
	bpf_sk_release(sk);
	return 0;
}

SEC("tc")
int unaligned_counter(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	if (!value)
		return 0;
#ifdef MENDED
	__sync_fetch_and_add((__u32 *)((char *)value + 4), 1);
#else
	__sync_fetch_and_add((__u32 *)((char *)value + 3), 1);
#endif
	return 0;
}

#ifdef MENDED
static int round_of_loop(__u32 i, void *ctx)
{
	choice += i;
	return 0;
}
#endif
SEC("tc")
int long_loop(struct __sk_buff *skb)
{
#ifdef MENDED
	bpf_loop(400000, round_of_loop, NULL, 0);
#else
	for (__u32 i = 0; i < 400000; i++)
		choice += i;
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
