// An open-coded iterator: a loop over bytes of the packet
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 histogram[16];

/* bpf_for() calls bpf_iter_num_new, _next and _destroy (kernel 6.4). The
 * verifier checks the body until a state repeats, not 1500 times. */
SEC("xdp")
int upper_halves(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	int i;

	bpf_for(i, 0, 1500) {
		__u8 *byte = data + i;

		if ((void *)(byte + 1) > data_end)
			break;
		histogram[*byte >> 4]++;
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
