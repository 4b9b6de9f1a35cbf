/* Loading a whole object and running its programs with BPF_PROG_TEST_RUN, map contents before and after. */
#include "runner.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACE_FILE "/sys/kernel/tracing/trace"

void prepare_maps(struct bpf_object *object);

static struct perf_buffer *perf_buffers[64];
static const char *perf_names[64];
static int perf_count;

static void clear_trace(void)
{
	int fd = open(TRACE_FILE, O_WRONLY | O_TRUNC);
	if (fd >= 0)
		close(fd);
}

static void report_trace(void)
{
	static char text[1 << 18];
	int fd = open(TRACE_FILE, O_RDONLY);
	size_t length = 0;
	ssize_t got;
	if (fd < 0)
		return;
	while (length < sizeof(text) && (got = read(fd, text + length, sizeof(text) - length)) > 0)
		length += got;
	close(fd);
	emit_text(R_TRACE, text, length);
}

static void report_map_head(struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	uint32_t head[4] = { bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map), libbpf_num_possible_cpus() };
	emit2(R_MAP, head, sizeof(head), name, strlen(name) + 1);
}

static void report_entry(const void *key, uint32_t key_length, const void *value, uint32_t length)
{
	uint8_t head[4 + 1024];
	memcpy(head, &key_length, 4);
	if (key_length > 1024)
		return;
	if (key_length)
		memcpy(head + 4, key, key_length);
	emit2(R_ENTRY, head, 4 + key_length, value, length);
}

static int report_sample(void *context, void *data, size_t length)
{
	(void)context;
	report_entry(NULL, 0, data, length);
	return 0;
}

static void report_perf_sample(void *context, int cpu, void *data, __u32 length)
{
	(void)cpu;
	(void)context;
	report_entry(NULL, 0, data, length);
}

static void dump_keyed(int fd, uint32_t key_size, uint32_t length)
{
	void *key = calloc(1, key_size), *next = calloc(1, key_size), *value = malloc(length);
	const void *before = NULL;
	for (int i = 0; i < 100000 && !bpf_map_get_next_key(fd, before, next); i++) {
		memset(value, 0, length);
		if (!bpf_map_lookup_elem(fd, next, value))
			report_entry(next, key_size, value, length);
		memcpy(key, next, key_size);
		before = key;
	}
}

static void dump_map(struct bpf_map *map)
{
	int fd = bpf_map__fd(map);
	uint32_t size = bpf_map__value_size(map), key_size = bpf_map__key_size(map);
	report_map_head(map);
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LPM_TRIE:
		dump_keyed(fd, key_size, size);
		break;
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		dump_keyed(fd, key_size, ((size + 7) & ~7u) * libbpf_num_possible_cpus());
		break;
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK: {
		void *value = malloc(size);
		for (int i = 0; i < 100000 && !bpf_map_lookup_and_delete_elem(fd, NULL, value); i++)
			report_entry(NULL, 0, value, size);
		break;
	}
	case BPF_MAP_TYPE_RINGBUF: {
		struct ring_buffer *ring = ring_buffer__new(fd, report_sample, NULL, NULL);
		if (ring)
			ring_buffer__consume(ring);
		break;
	}
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		for (int i = 0; i < perf_count; i++)
			if (!strcmp(perf_names[i], bpf_map__name(map)))
				perf_buffer__consume(perf_buffers[i]);
		break;
	default:
		break;
	}
}

static void open_perf_buffers(struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_PERF_EVENT_ARRAY || perf_count == 64)
			continue;
		struct perf_buffer *buffer = perf_buffer__new(bpf_map__fd(map), 8, report_perf_sample, NULL, NULL, NULL);
		if (!buffer)
			continue;
		perf_names[perf_count] = bpf_map__name(map);
		perf_buffers[perf_count++] = buffer;
	}
}

static void set_entries(struct bpf_object *object, struct input *in)
{
	uint32_t count = take_u32(in);
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		uint32_t key_length, length;
		struct bpf_map *map = bpf_object__find_map_by_name(object, take_string(in));
		const uint8_t *key = take_bytes(in, &key_length), *value = take_bytes(in, &length);
		int error = map ? bpf_map_update_elem(bpf_map__fd(map), key_length ? key : NULL, value, BPF_ANY) : -ENOENT;
		if (error) {
			int32_t head[2] = { error, STAGE_LOAD };
			emit(R_FAIL, head, sizeof(head));
		}
	}
}

static void run_step(struct bpf_object *object, struct input *in)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct bpf_program *program = bpf_object__find_program_by_name(object, take_string(in));
	bool has_data = take_u32(in);
	uint32_t length;
	opts.data_in = take_bytes(in, &length);
	opts.data_size_in = length;
	if (!has_data)
		opts.data_in = NULL;
	opts.ctx_in = take_bytes(in, &length);
	opts.ctx_size_in = length;
	if (!length)
		opts.ctx_in = NULL;
	opts.repeat = take_u32(in);
	opts.flags = take_u32(in);
	opts.cpu = take_u32(in);
	opts.data_size_out = take_u32(in);
	opts.ctx_size_out = take_u32(in);
	if (in->bad)
		return;
	opts.data_out = opts.data_size_out ? calloc(1, opts.data_size_out) : NULL;
	opts.ctx_out = opts.ctx_size_out ? calloc(1, opts.ctx_size_out) : NULL;
	clear_trace();
	int error = program ? bpf_prog_test_run_opts(bpf_program__fd(program), &opts) : -ENOENT;
	uint32_t out = error ? 0 : opts.data_size_out, context_out = error ? 0 : opts.ctx_size_out;
	uint32_t head[3] = { error, opts.retval, out };
	uint8_t *data = malloc(out + context_out + 1);
	if (out)
		memcpy(data, opts.data_out, out);
	if (context_out)
		memcpy(data + out, opts.ctx_out, context_out);
	emit2(R_STEP, head, sizeof(head), data, out + context_out);
	report_trace();
}

void run_steps(const struct request *request)
{
	struct input in = request->run;
	struct bpf_program *program;
	struct bpf_map *map;
	struct bpf_object *object = open_object(request);
	if (!object)
		return;
	uint32_t count = take_u32(&in);
	if (count)
		bpf_object__for_each_program(program, object)
			bpf_program__set_autoload(program, false);
	for (uint32_t i = 0; i < count && !in.bad; i++) {
		program = bpf_object__find_program_by_name(object, take_string(&in));
		if (program)
			bpf_program__set_autoload(program, true);
	}
	prepare_maps(object);
	int error = bpf_object__load(object);
	if (error) {
		int32_t head[2] = { error, STAGE_PREPARE };
		emit(R_FAIL, head, sizeof(head));
		return;
	}
	open_perf_buffers(object);
	set_entries(object, &in);
	count = take_u32(&in);
	for (uint32_t i = 0; i < count && !in.bad; i++)
		run_step(object, &in);
	bpf_object__for_each_map(map, object)
		dump_map(map);
}
