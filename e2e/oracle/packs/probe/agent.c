/*
 * The program that runs as process 1 inside a booted kernel and asks it what the host wants to know.
 *
 * Host and guest share a reserved stretch of the machine's memory (machine.ts): the host has written requests to
 * its lower half before the boot, and reads answers from its upper half after it. Every request is one bpf(2)
 * call, told byte for byte; nothing here knows what the calls mean.
 *
 *   request  u32 total length, u32 cmd, u16 attr length, u16 fixups, u8 slot (255: close), u8 flags, u16 most of the log
 *            to return (0: all),
 *            u32 blob length, u32 offset in the blob of what to return, u32 its length; then attr, fixups, blob
 *   fixup    u16 kind, u16 offset in attr, u32 argument
 *            0 address of blob + argument        1 descriptor in slot `argument`
 *            2 like 1, to the blob at `argument & 0xffffff`, slot `argument >> 24`
 *            3 address of the log buffer; its size goes to attr + argument
 *   cmd      0xffff0001 is ours: opens the kernel's BTF object whose name is in the blob
 *            0xffff0002 is ours: runs the program (descriptor at attr + 8) whenever the kernel executes the address at attr, or
 *            where that is 0 the symbol in the blob
 *   flag     1 zero the watched word before and return it after
 *            2 the returned descriptor is a map to be mapped as the watched word
 *   answer   s32 result (negative: errno), u32 log length, u32 returned length, u32 zero, u64 watched word; log; bytes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHARED_BASE 0x10000000ul
#define SHARED_HALF 0x08000000ul
#define LOG_SIZE (256 * 1024)
#define SLOTS 256

struct request {
	uint32_t total, cmd;
	uint16_t attr_len, fixups;
	uint8_t slot, flags;
	uint16_t log_max;
	uint32_t blob_len, out_off, out_len;
};
struct fixup {
	uint16_t kind, off;
	uint32_t arg;
};
struct answer {
	int32_t result;
	uint32_t log_len, out_len, zero;
	uint64_t watched;
};

static uint8_t *out, *out_start, *out_end;
static int slots[SLOTS];
static volatile uint64_t *watched;
static char log_buf[LOG_SIZE];
static char *symbols;

static void leave(void)
{
	outb(0, 0xf4);
	for (;;)
		pause();
}

static void put(const void *data, size_t len)
{
	if (out + len > out_end) {
		printf("agent: the answers are longer than the space for them\n");
		leave();
	}
	memcpy(out, data, len);
	out += len;
}

/* A section: tag, length (filled in by section_end), bytes. */
static uint8_t *section_begin(const char *tag)
{
	uint32_t zero = 0;
	put(tag, 4);
	put(&zero, 4);
	return out;
}

static void section_end(uint8_t *begin)
{
	uint32_t len = out - begin;
	memcpy(begin - 4, &len, 4);
	static const char pad[8];
	put(pad, -len & 7);
}

static void put_file(const char *tag, const char *path)
{
	static char buf[65536];
	uint8_t *begin = section_begin(tag);
	int fd = open(path, O_RDONLY);
	ssize_t n;
	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		put(buf, n);
	close(fd);
	section_end(begin);
}

static void put_string(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("agent: %s: %s\n", path, strerror(errno));
	close(fd);
}

static void load_modules(void)
{
	uint8_t *begin = section_begin("MODS");
	FILE *list = fopen("/modules.list", "r");
	char path[512], line[600];
	while (list && fscanf(list, "%511s", path) == 1) {
		int fd = open(path, O_RDONLY);
		int ret = fd < 0 ? -errno : syscall(SYS_finit_module, fd, "", 0);
		put(line, snprintf(line, sizeof(line), "%s %d\n", path, ret < 0 ? errno : 0));
		close(fd);
	}
	section_end(begin);
}

static int bpf(int cmd, void *attr, int size)
{
	return syscall(SYS_bpf, cmd, attr, size);
}

/* BPF_BTF_GET_NEXT_ID (23), BPF_BTF_GET_FD_BY_ID (19), BPF_OBJ_GET_INFO_BY_FD (15) until the name fits. */
static int open_kernel_btf(const char *name)
{
	uint32_t id = 0;
	for (;;) {
		uint32_t next[3] = { id, 0, 0 }, by_id[3] = { 0, 0, 0 };
		char found[128] = "";
		struct { uint64_t btf; uint32_t size, id; uint64_t name; uint32_t name_len, kernel; } info = { .name = (uintptr_t)found, .name_len = sizeof(found) };
		struct { uint32_t fd, len; uint64_t info; } ask = { .len = sizeof(info), .info = (uintptr_t)&info };
		if (bpf(23, next, sizeof(next)) < 0)
			return -1;
		id = by_id[0] = next[1];
		int fd = bpf(19, by_id, sizeof(by_id));
		if (fd < 0)
			continue;
		ask.fd = fd;
		if (bpf(15, &ask, sizeof(ask)) == 0 && info.kernel && !strcmp(found, name))
			return fd;
		close(fd);
	}
}

/* Address of a symbol of vmlinux, from the symbol table as it was read. */
static uint64_t resolve(const char *name)
{
	size_t len = strlen(name);
	for (char *line = symbols; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		char *at = strchr(line, ' ');
		if (at && !strncmp(at + 3, name, len) && at[3 + len] == '\n')
			return strtoull(line, NULL, 16);
	}
	return 0;
}

/* A breakpoint in a debug register, for this process, with a program of type perf_event behind it. */
static int set_breakpoint(uint64_t address, int prog)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(event), .sample_period = 1,
		.bp_type = HW_BREAKPOINT_X, .bp_addr = address, .bp_len = sizeof(long), .exclude_user = 1, .disabled = 1,
	};
	int fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
	if (fd < 0 || ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -1;
	return fd;
}

static const struct request *perform(const struct request *q)
{
	static uint64_t attr[64];
	uint8_t *a = (uint8_t *)attr;
	const uint8_t *from = (const uint8_t *)(q + 1);
	memset(attr, 0, sizeof(attr));
	memcpy(a, from, q->attr_len);
	const struct fixup *fix = (const struct fixup *)(from + q->attr_len);
	uint8_t *blob = (uint8_t *)(fix + q->fixups);
	int has_log = 0;
	for (int i = 0; i < q->fixups; i++) {
		uint64_t pointer;
		uint32_t size = LOG_SIZE;
		switch (fix[i].kind) {
		case 0:
			pointer = (uintptr_t)blob + fix[i].arg;
			memcpy(a + fix[i].off, &pointer, 8);
			break;
		case 1:
			memcpy(a + fix[i].off, &slots[fix[i].arg], 4);
			break;
		case 2:
			memcpy(blob + (fix[i].arg & 0xffffff), &slots[fix[i].arg >> 24], 4);
			break;
		case 3:
			pointer = (uintptr_t)log_buf;
			memcpy(a + fix[i].off, &pointer, 8);
			memcpy(a + fix[i].arg, &size, 4);
			has_log = 1;
			break;
		}
	}
	log_buf[0] = 0;
	if ((q->flags & 1) && watched)
		*watched = 0;
	int ret;
	if (q->cmd == 0xffff0001u)
		ret = open_kernel_btf((const char *)blob);
	else if (q->cmd == 0xffff0002u)
		ret = set_breakpoint(attr[0] ? attr[0] : resolve((const char *)blob), (int)attr[1]);
	else
		ret = bpf(q->cmd, attr, q->attr_len);
	struct answer r = { .result = ret < 0 ? -errno : 0 };
	if ((q->flags & 1) && watched)
		r.watched = *watched;
	if (has_log)
		r.log_len = strnlen(log_buf, q->log_max ? q->log_max : LOG_SIZE);
	r.out_len = q->out_len;
	if (ret >= 0 && (q->flags & 2)) {
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ret, 0);
		if (page == MAP_FAILED)
			r.result = -errno;
		else
			watched = page;
	}
	if (ret > 0) {
		if (q->slot != 255)
			slots[q->slot] = ret;
		else
			close(ret);
	}
	put(&r, sizeof(r));
	put(log_buf, r.log_len);
	put(blob + q->out_off, q->out_len);
	static const char pad[8];
	put(pad, -(r.log_len + q->out_len) & 7);
	return (const struct request *)((const uint8_t *)q + q->total);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mkdir("/cgroup", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	put_string("/proc/sys/kernel/kptr_restrict", "0");
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	setrlimit(RLIMIT_MEMLOCK, &all);
	if (iopl(3))
		printf("agent: iopl: %s\n", strerror(errno));
	int mem = open("/dev/mem", O_RDWR);
	uint8_t *shared = mmap(NULL, 2 * SHARED_HALF, PROT_READ | PROT_WRITE, MAP_SHARED, mem, SHARED_BASE);
	if (mem < 0 || shared == MAP_FAILED) {
		printf("agent: /dev/mem: %s\n", strerror(errno));
		leave();
	}
	out = out_start = shared + SHARED_HALF;
	out_end = shared + 2 * SHARED_HALF - 64;
	put_file("VERS", "/proc/version");
	load_modules();
	symbols = (char *)out + 8;
	put_file("SYMS", "/proc/kallsyms");
	uint32_t count;
	memcpy(&count, shared + 4, 4);
	if (memcmp(shared, "BPRQ", 4))
		count = 0;
	/* The requests are changed while they are carried out: leave the originals alone for whoever reads the memory. */
	uint8_t *begin = section_begin("RESP");
	const struct request *q = (const struct request *)(shared + 8);
	while (count--)
		q = perform(q);
	section_end(begin);
	section_end(section_begin("DONE"));
	leave();
	return 0;
}
