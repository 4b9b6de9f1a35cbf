/* The oracle's runner: process 1 of a virtual machine that loads BPF programs into a real kernel and reports. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The channel: a piece of memory shared with the host (a PCI device of QEMU, "ivshmem"). Little-endian.
 * The host writes the input before boot; the guest writes records into a ring that the host empties.
 */
#define CHANNEL_MAGIC 0x4c4341524f465042ull
struct channel_header {
	uint64_t magic;
	uint64_t input_offset, input_length;
	uint64_t ring_offset, ring_length;
	volatile uint64_t head; /* bytes ever written by the guest */
	volatile uint64_t tail; /* bytes ever taken by the host */
};

enum record_type {
	R_READY = 1,	/* text: kernel release */
	R_OBJECT,	/* u32 object index: work on it begins */
	R_PROGRAM,	/* u32 number of instructions, name\0 section\0 type\0 attach type */
	R_BEGIN,	/* u32 program index: judging begins */
	R_MESSAGE,	/* u32 level, text: what libbpf printed */
	R_FAIL,		/* i32 error, u32 enum stage, text */
	R_VERDICT,	/* i32 error, u32 log level, u32 xlated bytes, u32 verified instructions */
	R_LOG,		/* text, continued in the next R_LOG */
	R_XLATED,	/* instructions after the verifier's rewriting */
	R_END,		/* i32 wait status of the child */
	R_STEP,		/* i32 error, u32 retval, u32 length of data out, data out, context out */
	R_MAP,		/* u32 type, u32 key size, u32 value size, u32 number of processors, name\0 */
	R_ENTRY,	/* u32 key length, key, value(s) */
	R_TRACE,	/* text: lines of the trace buffer */
	R_DONE,		/* nothing: all objects are through */
};

enum stage { STAGE_OPEN, STAGE_PREPARE, STAGE_LOAD, STAGE_SYSCALL };

/* channel.c */
int channel_open(void);
const uint8_t *channel_input(size_t *length);
void emit(uint32_t type, const void *data, size_t length);
void emit2(uint32_t type, const void *head, size_t head_length, const void *data, size_t length);
void emit_text(uint32_t type, const void *text, size_t length);

/* Reader of the input; every read past the end sets `bad` and gives zeros. */
struct input {
	const uint8_t *at, *end;
	bool bad;
};
uint32_t take_u32(struct input *in);
const uint8_t *take_bytes(struct input *in, uint32_t *length); /* u32 length, bytes, padding to 4 */
const char *take_string(struct input *in);			/* the same, NUL-terminated by the host */

/* Flags of an object's request. */
#define REQUEST_XLATED 1u /* send the rewritten instructions of accepted programs */
#define REQUEST_UNPRIVILEGED 2u /* the BPF_PROG_LOAD is made without any capability; BTF and maps were made with all */

struct request {
	const char *name;
	const uint8_t *object;
	uint32_t object_length;
	uint32_t flags;
	uint32_t first_program; /* programs before this one are skipped (they were judged before a restart) */
	uint32_t seconds;	/* limit for each child */
	uint32_t prog_flags;	/* BPF_F_… for BPF_PROG_LOAD */
	uint32_t log_level_count;
	uint32_t log_levels[4];
	uint32_t log_size;
	struct input run; /* empty: judge; else the steps of a run (run.c) */
};

/* load.c */
struct bpf_object;
struct bpf_object *open_object(const struct request *request);
void list_programs(const struct request *request);
void judge_program(const struct request *request, uint32_t index);
extern uint32_t program_count; /* after list_programs in the same process */

/* run.c */
void run_steps(const struct request *request);
