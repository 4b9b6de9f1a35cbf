#ifndef __VMLINUX_H__
#define __VMLINUX_H__
/* A few types in the manner of a kernel's own vmlinux.h, for the tests: the real one has 140,000 lines. */

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

typedef signed char __s8;
typedef unsigned char __u8;
typedef short int __s16;
typedef short unsigned int __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long int __s64;
typedef long long unsigned int __u64;
typedef __s8 s8;
typedef __u8 u8;
typedef __s16 s16;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef int bool_int;
typedef _Bool bool;
typedef int pid_t;
typedef long unsigned int size_t;

enum { false = 0, true = 1 };

enum bpf_map_type {
	BPF_MAP_TYPE_UNSPEC = 0,
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum task_state_kind { TASK_KIND_RUNNING = 0, TASK_KIND_SLEEPING = 1, TASK_KIND_DEAD = 16 };
enum big_kind { BIG_KIND_A = 1, BIG_KIND_B = 8589934592ULL };

struct list_head {
	struct list_head *next;
	struct list_head *prev;
};

typedef struct {
	int counter;
} atomic_t;

struct kuid {
	u32 val;
};

struct cred {
	atomic_t usage;
	struct kuid uid;
	struct kuid gid;
};

struct mm_struct {
	u64 start_code;
	u64 end_code;
	struct {
		u64 total_vm;
		u64 locked_vm;
	};
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	unsigned int in_execve: 1;
	unsigned int in_iowait: 1;
	unsigned int no_cgroup_migration: 1;
	unsigned int frozen: 1;
	unsigned int kind: 5;
	long long big: 37;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct list_head children;
	struct mm_struct *mm;
	const struct cred *cred;
	char comm[16];
	union {
		u64 start_time;
		u32 halves[2];
	};
};

struct pt_regs {
	long unsigned int r15;
	long unsigned int r14;
	long unsigned int r13;
	long unsigned int r12;
	long unsigned int bp;
	long unsigned int bx;
	long unsigned int r11;
	long unsigned int r10;
	long unsigned int r9;
	long unsigned int r8;
	long unsigned int ax;
	long unsigned int cx;
	long unsigned int dx;
	long unsigned int si;
	long unsigned int di;
	long unsigned int orig_ax;
	long unsigned int ip;
	long unsigned int cs;
	long unsigned int flags;
	long unsigned int sp;
	long unsigned int ss;
};

struct trace_event_raw_sys_enter {
	u16 type;
	long int id;
	long unsigned int args[6];
	char __data[0];
};

struct bpf_iter_num {
	u64 __opaque[1];
};

struct bpf_dynptr {
	u64 __opaque[2];
};

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

enum xdp_action { XDP_ABORTED = 0, XDP_DROP = 1, XDP_PASS = 2, XDP_TX = 3, XDP_REDIRECT = 4 };

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	short unsigned int skc_family;
};

struct sock {
	struct sock_common __sk_common;
	int sk_priority;
};

struct sk_buff {
	struct sock *sk;
	unsigned int len;
	unsigned char *head;
	unsigned char *data;
	u16 network_header;
};

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
