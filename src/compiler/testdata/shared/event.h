#pragma once
struct event {
	int kind;
	int line;
	char file[32];
};
#define EVENT_SET(e, field, value) ((e).field = (value) + __COUNTER__)
static inline int event_size(void) { return sizeof(struct event); }
