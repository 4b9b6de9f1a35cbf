/* No resource limits: reading and setting them fails with ENOSYS. */
#pragma once
#include_next <sys/resource.h>
#include <errno.h>
typedef unsigned long long rlim_t;
struct rlimit { rlim_t rlim_cur, rlim_max; };
#define ru_maxrss ru_utime.tv_sec
#define RLIM_INFINITY (~0ULL)
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_AS 9
#define RLIMIT_DATA 2
#define RLIMIT_RSS 5
#ifdef __cplusplus
extern "C" {
#endif
static inline int getrlimit(int r, struct rlimit *l) { errno = ENOSYS; return -1; }
static inline int setrlimit(int r, const struct rlimit *l) { errno = ENOSYS; return -1; }
#ifdef __cplusplus
}
#endif
