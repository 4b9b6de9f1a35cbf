/* Process 1: sets the machine up, goes through the host's requests, one child process a program, and powers off. */
#define _GNU_SOURCE
#include "runner.h"
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			perror(path);
		close(fd);
	}
}

static void set_up(void)
{
	static const char *const mounts[][2] = {
		{ "devtmpfs", "/dev" },	      { "proc", "/proc" },		  { "sysfs", "/sys" },	   { "tmpfs", "/tmp" },
		{ "bpf", "/sys/fs/bpf" },     { "cgroup2", "/sys/fs/cgroup" },	  { "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
	};
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i][1], 0755);
		mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL);
	}
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	write_file("/proc/sys/kernel/printk", "4");
	write_file("/proc/sys/kernel/kptr_restrict", "0");
	write_file("/proc/sys/kernel/unprivileged_bpf_disabled", "0");
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(s, SIOCSIFFLAGS, &request);
	close(s);
}

/* Loads the kernel modules the host put under /modules, named so that sorting gives the order. */
static void load_modules(void)
{
	for (int i = 0; i < 1000; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/modules/%03d.ko", i);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(__NR_finit_module, fd, "", 0))
			perror(path);
		close(fd);
	}
}

static int report_message(enum libbpf_print_level level, const char *format, va_list args)
{
	static char text[16384];
	if (level == LIBBPF_DEBUG)
		return 0;
	uint32_t head = level;
	int length = vsnprintf(text, sizeof(text), format, args);
	if (length > (int)sizeof(text) - 1)
		length = sizeof(text) - 1;
	if (length > 0)
		emit2(R_MESSAGE, &head, sizeof(head), text, length);
	return 0;
}

/* Runs `work` in a child and reports how it ended. Returns the number it exited with, -1 when it was killed. */
static int in_child(const struct request *request, uint32_t index, int (*work)(const struct request *, uint32_t))
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		alarm(request->seconds);
		_exit(work(request, index));
	}
	if (pid > 0)
		while (waitpid(pid, &status, 0) != pid)
			;
	return WIFEXITED(status) ? WEXITSTATUS(status) : (emit(R_END, &status, sizeof(status)), -1);
}

static int count_channel[2];

static int child_list(const struct request *request, uint32_t index)
{
	(void)index;
	list_programs(request);
	if (write(count_channel[1], &program_count, sizeof(program_count)) < 0)
		return 1;
	return 0;
}

static int child_judge(const struct request *request, uint32_t index)
{
	judge_program(request, index);
	return 0;
}

static int child_run(const struct request *request, uint32_t index)
{
	(void)index;
	run_steps(request);
	return 0;
}

static void serve(const struct request *request)
{
	uint32_t programs = 0;
	if (request->run.at) {
		in_child(request, 0, child_run);
		return;
	}
	if (pipe2(count_channel, O_CLOEXEC | O_NONBLOCK))
		return;
	in_child(request, 0, child_list);
	if (read(count_channel[0], &programs, sizeof(programs)) != sizeof(programs))
		programs = 0;
	close(count_channel[0]);
	close(count_channel[1]);
	for (uint32_t i = request->first_program; i < programs; i++) {
		emit(R_BEGIN, &i, sizeof(i));
		if (in_child(request, i, child_judge) >= 0) {
			int status = 0;
			emit(R_END, &status, sizeof(status));
		}
	}
}

/* libbpf asks the kernel what it can do, once a process: asking before the children are made saves each the work. */
static void warm_up(const struct request *request)
{
	static bool warm;
	struct bpf_object *object = warm ? NULL : bpf_object__open_mem(request->object, request->object_length, NULL);
	struct bpf_program *program;
	if (!object)
		return;
	warm = true;
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, false);
	bpf_object__prepare(object);
	bpf_object__close(object);
}

static void serve_all(struct input in)
{
	uint32_t objects = take_u32(&in);
	for (uint32_t i = 0; i < objects && !in.bad; i++) {
		struct request request = { .name = take_string(&in) };
		request.object = take_bytes(&in, &request.object_length);
		request.flags = take_u32(&in);
		request.first_program = take_u32(&in);
		request.seconds = take_u32(&in);
		request.prog_flags = take_u32(&in);
		request.log_size = take_u32(&in);
		request.log_level_count = take_u32(&in);
		if (request.log_level_count > 4)
			break;
		for (uint32_t k = 0; k < request.log_level_count; k++)
			request.log_levels[k] = take_u32(&in);
		uint32_t length;
		const uint8_t *steps = take_bytes(&in, &length);
		if (length)
			request.run = (struct input){ steps, steps + length, false };
		libbpf_set_print(NULL);
		warm_up(&request);
		libbpf_set_print(report_message);
		emit(R_OBJECT, &i, sizeof(i));
		serve(&request);
	}
	if (in.bad)
		fprintf(stderr, "oracle: the request ends early\n");
}

int main(void)
{
	struct utsname name;
	set_up();
	if (channel_open()) {
		fprintf(stderr, "oracle: no channel to the host\n");
	} else {
		size_t length;
		const uint8_t *input = channel_input(&length);
		load_modules();
		uname(&name);
		emit(R_READY, name.release, strlen(name.release));
		serve_all((struct input){ input, input + length, false });
		emit(R_DONE, NULL, 0);
	}
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
