#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define __tag(x) __attribute__((btf_decl_tag(x)))
#define __type_tag(x) __attribute__((btf_type_tag(x)))

struct node {
	struct node __type_tag("kptr") *next;
	int value __tag("counted");
};

int shared __tag("shared");

__noinline int tagged(struct node *n __tag("arg:nonnull"), int times) __tag("fn")
{
	return n ? n->value * times : shared;
}

SEC("raw_tp/sys_enter")
__tag("comment:test_expect=none")
int use(void *ctx)
{
	struct node n = { .value = 3 };

	return tagged(&n, 2);
}

char LICENSE[] SEC("license") = "GPL";
