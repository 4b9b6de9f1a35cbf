/* No processes, pipes or users: what cannot work fails with ENOSYS. */
#pragma once
#include_next <unistd.h>
#include <errno.h>
#ifdef __cplusplus
extern "C" {
#endif
static inline int pipe(int f[2]) { errno = ENOSYS; return -1; }
static inline int dup(int f) { errno = ENOSYS; return -1; }
static inline int dup2(int f, int g) { errno = ENOSYS; return -1; }
static inline pid_t fork(void) { errno = ENOSYS; return -1; }
static inline pid_t getsid(pid_t p) { return 1; }
static inline pid_t setsid(void) { return 1; }
static inline uid_t getuid(void) { return 0; }
static inline uid_t geteuid(void) { return 0; }
static inline gid_t getgid(void) { return 0; }
static inline unsigned alarm(unsigned s) { return 0; }
static inline int execv(const char *p, char *const a[]) { errno = ENOSYS; return -1; }
static inline int execve(const char *p, char *const a[], char *const e[]) { errno = ENOSYS; return -1; }
static inline int fchown(int f, uid_t u, gid_t g) { return 0; }
#ifdef __cplusplus
}
#endif
