/* No unwinding: setjmp returns 0 once, longjmp traps. clang only uses it for crash recovery, which is switched off. */
#pragma once
typedef int jmp_buf[1]; typedef int sigjmp_buf[1];
#define setjmp(b) ((void)(b), 0)
#define sigsetjmp(b, s) ((void)(b), 0)
#define longjmp(b, v) __builtin_trap()
#define siglongjmp(b, v) __builtin_trap()
