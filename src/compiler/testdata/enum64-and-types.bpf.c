#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum wide { WIDE_ONE = 1, WIDE_MANY = 0xffffffffffULL };
enum negative { NEGATIVE = -5, POSITIVE = 5 };
typedef int (*callback_t)(const volatile char *restrict, ...);
typedef struct {
	float f;
	double d;
	_Bool b;
	char c;
	signed char sc;
	long l;
	callback_t call;
	enum wide w;
	enum negative n;
	struct opaque *opaque;
	union {
		int i;
		const char *s;
	};
	int matrix[3][5];
	int flexible[];
} everything;

everything *all;
const enum wide wide = WIDE_MANY;

SEC("socket")
int types(struct __sk_buff *skb)
{
	return all ? all->matrix[skb->len & 1][3] + (all->w > wide) : NEGATIVE;
}

char LICENSE[] SEC("license") = "GPL";
