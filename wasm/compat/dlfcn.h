/* dladdr for clang finding its own path: the module pretends to be /usr/bin/clang, so its headers are under /usr/lib/clang/22. */
#pragma once
#include_next <dlfcn.h>
typedef struct { const char *dli_fname; void *dli_fbase; const char *dli_sname; void *dli_saddr; } Dl_info;
#ifdef __cplusplus
extern "C" {
#endif
static inline int dladdr(const void *p, Dl_info *i) { i->dli_fname = "/usr/bin/clang"; return 1; }
#ifdef __cplusplus
}
#endif
