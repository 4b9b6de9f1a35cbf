/* There are no users. */
#pragma once
#include <sys/types.h>
struct passwd { char *pw_name, *pw_dir; };
#ifdef __cplusplus
extern "C" {
#endif
static inline struct passwd *getpwuid(uid_t u) { return 0; }
static inline struct passwd *getpwnam(const char *n) { return 0; }
static inline int getpwuid_r(uid_t u, struct passwd *p, char *b, size_t l, struct passwd **r) { *r = 0; return 0; }
static inline int getpwnam_r(const char *u, struct passwd *p, char *b, size_t l, struct passwd **r) { *r = 0; return 0; }
#ifdef __cplusplus
}
#endif
