#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern void bpf_rcu_read_lock(void) __weak __ksym;

int squares;

SEC("raw_tp/sys_enter")
int iterate(void *ctx)
{
	struct bpf_iter_num it;
	int *v;

	bpf_iter_num_new(&it, 0, 100);
	while ((v = bpf_iter_num_next(&it)))
		squares += *v * *v;
	bpf_iter_num_destroy(&it);
	bpf_for(squares, 0, 10)
		if (bpf_ksym_exists(bpf_rcu_read_lock))
			break;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
