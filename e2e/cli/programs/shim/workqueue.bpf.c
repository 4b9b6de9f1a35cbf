#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
struct elem { struct bpf_wq wq; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct elem); } arr SEC(".maps");
static int cb(void *map, int *key, void *value) { return 0; }
SEC("tc")
int start(struct __sk_buff *ctx)
{
	int key = 0;
	struct elem *val = bpf_map_lookup_elem(&arr, &key);
	if (!val) return 0;
	if (bpf_wq_init(&val->wq, &arr, 0)) return 0;
	if (bpf_wq_set_callback(&val->wq, cb, 0)) return 0;
	bpf_wq_start(&val->wq, 0);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
