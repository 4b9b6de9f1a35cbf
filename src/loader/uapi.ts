import type { MapTypeName } from "../kernel/types.ts";

/** enum bpf_map_type (7.2), lower case without its prefix; the index is the number. */
export const MAP_TYPES: readonly MapTypeName[] = [
  "unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace", "cgroup_array",
  "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash",
  "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash", "struct_ops",
  "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena", "insn_array", "rhash",
];

/** Number of a map type by name; 0 when it is not known. */
export function mapTypeId(name: MapTypeName): number {
  return Math.max(0, MAP_TYPES.indexOf(name));
}
/** Name of a map type; a number no release has gives "map_type_N". */
export function mapTypeName(id: number): MapTypeName {
  return MAP_TYPES[id] ?? `map_type_${id}`;
}

/** BPF_MAP_CREATE flags. */
export const BPF_F_NO_PREALLOC = 1 << 0;
export const BPF_F_RDONLY_PROG = 1 << 7;
export const BPF_F_WRONLY_PROG = 1 << 8;
export const BPF_F_MMAPABLE = 1 << 10;
export const BPF_F_LINK = 1 << 13;

/** BPF_PROG_LOAD flags. */
export const BPF_F_SLEEPABLE = 1 << 4;
export const BPF_F_XDP_HAS_FRAGS = 1 << 5;

/** bytes of a page of the simulated machine */
export const PAGE_SIZE = 4096;
/** bytes of a kernel object's name, terminator included */
export const BPF_OBJ_NAME_LEN = 16;

/** imm of an ld_imm64 of a map that the code names by a file descriptor of its own (this plus the number); negative, so that it is no place in BoundProgram.maps. */
export const UNOPENED_FD_BASE = -0x4000_0000;
/** Call numbers libbpf puts where something was not found (libbpf.c POISON_*): + index of the map or extern. */
export const POISON_LDIMM64_MAP_BASE = 2001000000;
export const POISON_CALL_KFUNC_BASE = 2002000000;

/** Helpers libbpf exchanges on kernels without the split ones. */
export const HELPER = { probe_read: 4, probe_read_str: 45, probe_read_user: 112, probe_read_kernel: 113, probe_read_user_str: 114, probe_read_kernel_str: 115 } as const;
