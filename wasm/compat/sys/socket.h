/* No sockets: every call fails with ENOSYS. */
#pragma once
#include_next <sys/socket.h>
#include <errno.h>
#ifdef __cplusplus
extern "C" {
#endif
static inline int socket(int a, int b, int c) { errno = ENOSYS; return -1; }
static inline int bind(int a, const struct sockaddr *b, socklen_t c) { errno = ENOSYS; return -1; }
static inline int listen(int a, int b) { errno = ENOSYS; return -1; }
static inline int connect(int a, const struct sockaddr *b, socklen_t c) { errno = ENOSYS; return -1; }
#ifdef __cplusplus
}
#endif
