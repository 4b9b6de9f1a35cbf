/* Ethernet and IP headers at the front of a packet. */
#pragma once
#include "run.h"

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
} __attribute__((packed));
