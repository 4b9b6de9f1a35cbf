/* No signals arrive in WASI: installing handlers succeeds and does nothing. */
#pragma once
#include_next <signal.h>
#include <sys/types.h>
#ifdef __cplusplus
extern "C" {
#endif
#ifndef SIG_BLOCK
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
typedef union sigval { int sival_int; void *sival_ptr; } sigval_t;
typedef struct { int si_signo, si_errno, si_code; pid_t si_pid; uid_t si_uid; void *si_addr; int si_status; union sigval si_value; } siginfo_t;
struct sigaction { union { void (*sa_handler)(int); void (*sa_sigaction)(int, siginfo_t *, void *); }; sigset_t sa_mask; int sa_flags; void (*sa_restorer)(void); };
typedef struct { void *ss_sp; int ss_flags; size_t ss_size; } stack_t;
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#define SA_ONSTACK 0x08000000
#define SA_SIGINFO 4
#define SA_RESTART 0x10000000
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192
static inline int sigemptyset(sigset_t *s) { return 0; }
static inline int sigfillset(sigset_t *s) { return 0; }
static inline int sigaddset(sigset_t *s, int n) { return 0; }
static inline int sigdelset(sigset_t *s, int n) { return 0; }
static inline int sigprocmask(int h, const sigset_t *s, sigset_t *o) { return 0; }
static inline int pthread_sigmask(int h, const sigset_t *s, sigset_t *o) { return 0; }
static inline int sigaction(int n, const struct sigaction *a, struct sigaction *o) { return 0; }
static inline int sigaltstack(const stack_t *s, stack_t *o) { return -1; }
static inline int kill(pid_t p, int s) { return -1; }
#endif
#ifdef __cplusplus
}
#endif
