/* SPDX-License-Identifier: Apache-2.0 */
/* What clang itself expands for BPF; calls that it cannot expand are compile errors. */
#ifndef _STRING_H
#define _STRING_H
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
#endif
