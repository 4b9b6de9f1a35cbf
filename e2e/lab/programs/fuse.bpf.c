/* A file system asks a program whether an operation passes to the file below or to the daemon. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define FUSE_PASSTHROUGH 0
#define FUSE_DAEMON 1
#define FUSE_READ 15
#define FUSE_WRITE 16

char LICENSE[] SEC("license") = "GPL";

/* Reads pass through, writes to nodes of another user go to the daemon. */
SEC("fuse/prefilter")
int pass_reads(struct fuse_filter_ctx *ctx)
{
	if (ctx->opcode == FUSE_READ)
		return FUSE_PASSTHROUGH;
	if (ctx->opcode == FUSE_WRITE && fuse_node_owner(ctx, ctx->nodeid) == (int)(__u32)bpf_get_current_uid_gid())
		return FUSE_PASSTHROUGH;
	return FUSE_DAEMON;
}

SEC("fuse/prefilter")
int wrong_answer(struct fuse_filter_ctx *ctx)
{
	return ctx->opcode;
}

SEC("fuse/prefilter")
int wrong_helper(struct fuse_filter_ctx *ctx)
{
	return bpf_get_prandom_u32() & 1;
}
