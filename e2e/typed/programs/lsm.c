/* Security hooks: return values, sleeping, inode storage, paths. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define EPERM 1

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} opened SEC(".maps");

SEC("lsm/file_open")
int BPF_PROG(count_opens, struct file *file)
{
	__u64 *n = bpf_inode_storage_get(&opened, file->f_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (n)
		++*n;
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(refuse, struct file *file, int ret)
{
	if (ret)
		return ret;
	return file->f_mode & 2 ? -EPERM : 0;
}

SEC("lsm/file_open")
int BPF_PROG(returns_positive, struct file *file)
{
	return 1;
}

SEC("lsm/file_open")
int BPF_PROG(returns_too_low, struct file *file)
{
	return -5000;
}

SEC("lsm/task_free")
void BPF_PROG(void_hook, struct task_struct *task)
{
	bpf_printk("%d", task->pid);
}

SEC("lsm.s/bprm_check_security")
int BPF_PROG(on_bprm, struct linux_binprm *bprm)
{
	char c[8];

	bpf_copy_from_user(c, sizeof(c), (void *)bprm->p);
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(on_bprm_awake, struct linux_binprm *bprm)
{
	char c[8];

	bpf_copy_from_user(c, sizeof(c), (void *)bprm->p);
	return 0;
}

SEC("lsm/no_such_hook")
int BPF_PROG(missing_hook)
{
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(path, struct file *file)
{
	char buf[64];
	long n = bpf_d_path(&file->f_path, buf, sizeof(buf));

	return n < 0 ? 0 : 0;
}

SEC("lsm/file_open")
int BPF_PROG(inode_maybe_null, struct file *file)
{
	struct dentry *parent = file->f_path.dentry->d_parent;
	__u64 *n = bpf_inode_storage_get(&opened, parent->d_inode, 0, 0);

	return n ? 0 : 0;
}

SEC("lsm_cgroup/socket_bind")
int BPF_PROG(in_cgroup, struct socket *sock, struct sockaddr *address, int addrlen)
{
	return address->sa_family == 2;
}
