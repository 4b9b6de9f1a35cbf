#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
int sum;
SEC("tc") int loop(struct __sk_buff *s) { int i; bpf_for(i, 0, 10) sum += i; bpf_printk("x %d", sum); return 0; }
char LICENSE[] SEC("license") = "GPL";
