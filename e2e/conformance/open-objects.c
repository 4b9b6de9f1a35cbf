/* Opens object files with the real libbpf and prints what it makes of them, one line a fact; loader.ts compares. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char first_warning[512];

static int keep_first(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !first_warning[0]) {
		vsnprintf(first_warning, sizeof(first_warning), format, args);
		first_warning[strcspn(first_warning, "\n")] = 0;
	}
	return 0;
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

int main(int count, char **paths)
{
	libbpf_set_print(keep_first);
	for (int i = 1; i < count; i++) {
		const char *name = strrchr(paths[i], '/') + 1;
		first_warning[0] = 0;
		struct bpf_object *object = bpf_object__open_file(paths[i], NULL);
		if (!object) {
			printf("%s refused %s\n", name, first_warning);
			continue;
		}
		struct bpf_program *program;
		bpf_object__for_each_program(program, object)
			printf("%s program %s %s %s %s %d %zu\n", name, bpf_program__name(program), bpf_program__section_name(program),
			       or_dash(libbpf_bpf_prog_type_str(bpf_program__type(program))),
			       or_dash(libbpf_bpf_attach_type_str(bpf_program__expected_attach_type(program))), bpf_program__autoload(program),
			       bpf_program__insn_cnt(program));
		struct bpf_map *map;
		bpf_object__for_each_map(map, object)
			printf("%s map %s %d %u %u %u %x %llu %u %u\n", name, bpf_map__name(map), bpf_map__type(map), bpf_map__key_size(map),
			       bpf_map__value_size(map), bpf_map__max_entries(map), bpf_map__map_flags(map),
			       (unsigned long long)bpf_map__map_extra(map), bpf_map__btf_key_type_id(map), bpf_map__btf_value_type_id(map));
		bpf_object__close(object);
	}
	return 0;
}
