/* Names that LLVM asks statvfs for. */
#pragma once
#include_next <sys/statvfs.h>
#define MNT_LOCAL 1
#define f_flags f_flag
