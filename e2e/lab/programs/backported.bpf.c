/* Kfuncs of 6.12 that a distribution brought to 6.1, without what they rest upon. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym __weak;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym __weak;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym __weak;

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int releases(struct __sk_buff *skb)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (task)
		bpf_task_release(task);
	return 0;
}

SEC("tc")
int keeps(struct __sk_buff *skb)
{
	return bpf_task_from_pid(1) ? 1 : 0;
}

SEC("tc")
int iterates(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 4);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}
