#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char buffer[64] SEC(".bss.scratch");

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(committed, void *bprm)
{
	bpf_copy_from_user(buffer, sizeof(buffer), bprm);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(open_file, void *file, int ret)
{
	return ret ?: (buffer[0] == 'x' ? -13 : 0);
}

SEC("iter/task")
int dump(void *ctx)
{
	return 0;
}

SEC("?uprobe//usr/bin/bash:readline")
int BPF_UPROBE(on_readline, const char *prompt)
{
	return prompt != 0;
}

SEC("usdt")
int disabled(struct pt_regs *ctx)
{
	return PT_REGS_PARM1(ctx) + PT_REGS_RC(ctx);
}

char LICENSE[] SEC("license") = "GPL";
