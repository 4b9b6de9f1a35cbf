/* Opening an object and asking the kernel for its verdict on one program. */
#define _GNU_SOURCE
#include "runner.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t program_count;

/* Which BPF_PROG_LOAD is the one asked about: the one that carries this log buffer. */
static char *log_buffer;
static bool load_was_asked;

long __real_syscall(long number, ...);

/*
 * Linked in place of the C library's (--wrap=syscall): tells a refusal by libbpf from one by the kernel.
 *
 * bpf_program__clone hands over the length of the table of module BTFs, whose entry 0 is vmlinux's and empty; a kernel
 * that is told the length refuses that entry (7.2 process_fd_array), an older one the attribute. Other loads with libbpf
 * (bpf_object_load_prog) leave the length out, so this one does too.
 */
long __wrap_syscall(long number, ...)
{
	va_list args;
	long a[6];
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == __NR_bpf && a[0] == BPF_PROG_LOAD && log_buffer) {
		union bpf_attr *attr = (void *)a[1];
		if (attr->log_buf == (uintptr_t)log_buffer) {
			load_was_asked = true;
			attr->fd_array_cnt = 0;
		}
	}
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void fail(int error, enum stage stage)
{
	int32_t head[2] = { error, stage };
	emit(R_FAIL, head, sizeof(head));
}

struct bpf_object *open_object(const struct request *request)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = request->name);
	struct bpf_object *object = bpf_object__open_mem(request->object, request->object_length, &opts);
	if (!object)
		fail(-errno, STAGE_OPEN);
	return object;
}

/* Reports every program of the object, in libbpf's order. */
void list_programs(const struct request *request)
{
	struct bpf_object *object = open_object(request);
	struct bpf_program *program;
	if (!object)
		return;
	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program), *section = bpf_program__section_name(program);
		const char *type = libbpf_bpf_prog_type_str(bpf_program__type(program));
		const char *attach = libbpf_bpf_attach_type_str(bpf_program__expected_attach_type(program));
		uint32_t size = bpf_program__insn_cnt(program);
		char *text = NULL;
		int length = asprintf(&text, "%s%c%s%c%s%c%s", name, 0, section, 0, type ?: "", 0, attach ?: "");
		if (length < 0)
			return;
		emit2(R_PROGRAM, &size, sizeof(size), text, length);
		free(text);
		program_count++;
	}
}

/* Maps as veristat prepares them: nothing pinned, and 1 entry where a size is left to the loader. */
void prepare_maps(struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		bpf_map__set_pin_path(map, NULL);
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_SK_STORAGE:
		case BPF_MAP_TYPE_TASK_STORAGE:
		case BPF_MAP_TYPE_INODE_STORAGE:
		case BPF_MAP_TYPE_CGROUP_STORAGE:
		case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		case BPF_MAP_TYPE_CGRP_STORAGE:
		case BPF_MAP_TYPE_STRUCT_OPS:
			break;
		default:
			if (bpf_map__max_entries(map) == 0)
				bpf_map__set_max_entries(map, 1);
		}
	}
}

static void report_loaded(int fd, int level, bool xlated)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);
	if (bpf_prog_get_info_by_fd(fd, &info, &size))
		memset(&info, 0, sizeof(info));
	uint32_t head[4] = { 0, level, info.xlated_prog_len, info.verified_insns };
	emit(R_VERDICT, head, sizeof(head));
	if (!xlated || !info.xlated_prog_len)
		return;
	uint32_t length = info.xlated_prog_len;
	void *code = calloc(1, length);
	memset(&info, 0, sizeof(info));
	info.xlated_prog_insns = (uintptr_t)code;
	info.xlated_prog_len = length;
	size = sizeof(info);
	if (code && !bpf_prog_get_info_by_fd(fd, &info, &size))
		emit_text(R_XLATED, code, length);
	free(code);
}

/* One BPF_PROG_LOAD. Returns its error (0: accepted). */
static int ask(const struct request *request, struct bpf_program *program, uint32_t level, bool first)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log_buffer, .log_size = request->log_size, .log_level = level,
		    .prog_flags = request->prog_flags ? bpf_program__flags(program) | request->prog_flags : 0);
	log_buffer[0] = 0;
	load_was_asked = false;
	int fd = bpf_program__clone(program, &opts);
	if (fd < 0 && !load_was_asked) {
		fail(fd, STAGE_LOAD);
		return fd;
	}
	if (fd < 0 && !log_buffer[0]) {
		fail(fd, STAGE_SYSCALL);
		return fd;
	}
	if (fd >= 0) {
		report_loaded(fd, level, first && request->flags & REQUEST_XLATED);
		close(fd);
	} else {
		uint32_t head[4] = { fd, level, 0, 0 };
		emit(R_VERDICT, head, sizeof(head));
	}
	emit_text(R_LOG, log_buffer, strnlen(log_buffer, request->log_size));
	return fd < 0 ? fd : 0;
}

/* From here on this process is nobody special to the kernel (kernel/bpf/syscall.c bpf_prog_load, sysctl_unprivileged_bpf_disabled). */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};
	return syscall(SYS_capset, &header, none);
}

/* Judges program number `index` by itself, at every log level asked for. */
void judge_program(const struct request *request, uint32_t index)
{
	struct bpf_object *object = open_object(request);
	struct bpf_program *program, *chosen = NULL;
	uint32_t at = 0;
	if (!object)
		return;
	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, at == index);
		if (at++ == index)
			chosen = program;
	}
	if (!chosen)
		return;
	prepare_maps(object);
	int error = bpf_object__prepare(object);
	if (error) {
		fail(error, STAGE_PREPARE);
		return;
	}
	if (request->flags & REQUEST_UNPRIVILEGED && drop_capabilities()) {
		fail(-errno, STAGE_LOAD);
		return;
	}
	log_buffer = malloc(request->log_size);
	for (uint32_t i = 0; i < request->log_level_count; i++) {
		error = ask(request, chosen, request->log_levels[i], i == 0);
		/* The log didn't fit: ask again for nothing but the error and the statistics. */
		if (error == -ENOSPC)
			ask(request, chosen, 4, false);
	}
}
