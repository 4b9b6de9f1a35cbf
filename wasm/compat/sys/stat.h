/* WASI files have no modes: changing them succeeds and does nothing. */
#pragma once
#include_next <sys/stat.h>
#ifdef __cplusplus
extern "C" {
#endif
static inline mode_t wasi_umask(mode_t m) { return 022; }
#define umask wasi_umask
static inline int wasi_chmod(const char *p, mode_t m) { return 0; }
#define chmod wasi_chmod
static inline int wasi_fchmod(int f, mode_t m) { return 0; }
#define fchmod wasi_fchmod
#ifdef __cplusplus
}
#endif
