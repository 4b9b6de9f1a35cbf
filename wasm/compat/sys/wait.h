/* There are no child processes to wait for. */
#pragma once
#include <sys/types.h>
#include <sys/resource.h>
#include <errno.h>
#define WNOHANG 1
#define WEXITSTATUS(s) (((s) & 0xff00) >> 8)
#define WTERMSIG(s) ((s) & 0x7f)
#define WIFEXITED(s) (!WTERMSIG(s))
#define WIFSIGNALED(s) (((s)&0xffff)-1U < 0xffu)
#define WCOREDUMP(s) 0
#ifdef __cplusplus
extern "C" {
#endif
static inline pid_t waitpid(pid_t p, int *s, int o) { errno = ENOSYS; return -1; }
static inline pid_t wait(int *s) { errno = ENOSYS; return -1; }
static inline pid_t wait4(pid_t p, int *s, int o, struct rusage *r) { errno = ENOSYS; return -1; }
#ifdef __cplusplus
}
#endif
