/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's error numbers; there is no errno in BPF. */
#ifndef _ERRNO_H
#define _ERRNO_H
#include <linux/errno.h>
#endif
