/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _NETINET_IN_H
#define _NETINET_IN_H
#include <linux/in.h>
#include <linux/in6.h>
#endif
