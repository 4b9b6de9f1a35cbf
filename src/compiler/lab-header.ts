/** Macros for custom kernels, which programs include as "bpf_lab.h". */
export const LAB_HEADER_NAME = "bpf_lab.h";

export const LAB_HEADER = `#ifndef __BPF_LAB_H__
#define __BPF_LAB_H__
/*
 * Proposals to try on custom kernels. No released kernel and no libbpf knows them: there, a program that uses them
 * loads as if it did not.
 */

/*
 * The API version of the kernel that the object was written for: a u32 in a section of its own. An object without
 * one is of version 0. Where vmlinux.h is included, define BPF_API to the same number before it: it declares the
 * kernel's functions as that version has them.
 */
#define BPF_API_VERSION(n) \\
	const unsigned int __bpf_api_version __attribute__((section(".bpf_api_version"), used)) = (n)

/*
 * Binds to NAME@VERSION where a kernel lists its kfuncs in versioned sets, dots written as underscores:
 *
 *	extern int BPF_SYMVER(bpf_example, LINUX_7_2)(int a) __attribute__((section(".ksyms")));
 *
 * The name it makes is one that libbpf takes for a flavour of bpf_example, so other kernels resolve it too.
 */
#define BPF_SYMVER(name, version) name##___##version

#endif
`;
