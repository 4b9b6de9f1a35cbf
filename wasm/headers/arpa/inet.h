/* SPDX-License-Identifier: Apache-2.0 */
/* Byte order only; programs for BPF are little-endian here. */
#ifndef _ARPA_INET_H
#define _ARPA_INET_H
#include <linux/in.h>
#define htons(x) __builtin_bswap16(x)
#define ntohs(x) __builtin_bswap16(x)
#define htonl(x) __builtin_bswap32(x)
#define ntohl(x) __builtin_bswap32(x)
#endif
