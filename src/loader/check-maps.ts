import { err, ok, type Result } from "../base/result.ts";
import type { Btf } from "../btf/types.ts";
import type { Kernel } from "../kernel/types.ts";
import { givesBtf, mapBtfErrno, mmapErrno } from "./map-btf.ts";
import { E2BIG, EINVAL, LoadLog, toLoadError, type Errno } from "./refusal.ts";
import type { LoadError, MapSpec, ObjectSpec } from "./types.ts";
import { BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, PAGE_SIZE } from "./uapi.ts";

export interface CheckMapsOptions {
  /** maps without max_entries get 1, as veristat does before it loads; default true */
  fixMaxEntries?: boolean;
}

/** Types whose max_entries must be 0. */
const NO_MAX_ENTRIES = new Set(["sk_storage", "task_storage", "inode_storage", "cgroup_storage", "percpu_cgroup_storage", "cgrp_storage", "struct_ops"]);

/** The map as it is asked for: max_entries filled in where the loader or libbpf would. */
export function mapToCreate(map: MapSpec, options: CheckMapsOptions = {}): MapSpec {
  // an event array without size is as long as there are CPUs, also as a template (libbpf map_set_def_max_entries)
  if (map.inner?.type === "perf_event_array" && map.inner.maxEntries === 0) map = { ...map, inner: { ...map.inner, maxEntries: 1 } };
  if (map.maxEntries !== 0 || options.fixMaxEntries === false || NO_MAX_ENTRIES.has(map.type)) return map;
  // libbpf rounds a ring's size up to pages whenever it is set
  return { ...map, maxEntries: map.type === "ringbuf" || map.type === "user_ringbuf" ? PAGE_SIZE : 1 };
}

/**
 * Whether the kernel creates all maps of the object, as it must before any program is loaded (libbpf
 * bpf_object__create_maps; kernel map_create and each type's map_alloc_check).
 */
export function checkMaps(spec: ObjectSpec, kernel: Kernel, options: CheckMapsOptions = {}): Result<null, LoadError> {
  const log = new LoadLog();
  try {
    for (const map of spec.maps) createMap(mapToCreate(map, options), spec.btf, kernel, log);
    return ok(null);
  } catch (thrown) {
    return err(toLoadError(thrown, log, "resolve"));
  }
}

/**
 * The map as the kernel creates it: without BTF for its key and value where the kernel or libbpf wants none. Refuses with
 * libbpf's lines when it is not created at all.
 */
export function createMap<T extends MapSpec>(map: T, btf: Btf | null, kernel: Kernel, log: LoadLog): T {
  const subject = { kind: "map" as const, name: map.name };
  const failed = (errno: Errno): never => log.refuse(`map '${map.name}': failed to create: ${errno}`, { stage: "resolve", errno, subject });
  if (map.inner) {
    const inner = attemptMap(map.inner, btf, kernel, log);
    if (typeof inner === "string") {
      log.warn(`map '${map.name}': failed to create inner map: ${inner}`);
      return failed(inner);
    }
    map = { ...map, inner };
  }
  const created = attemptMap(map, btf, kernel, log);
  if (typeof created === "string") return failed(created);
  // libbpf maps the memory of global variables that others can see over its own image of them (bpf_object__populate_internal_map).
  const remapped = created.initialData && (created.flags & BPF_F_MMAPABLE) !== 0 && btf ? mmapErrno(created, btf, kernel) : undefined;
  if (!remapped) return created;
  const shown = /^\.(ro)?data\../.test(map.section) ? map.section : map.name;
  const line = `map '${shown}': failed to re-mmap() contents: ${remapped}`;
  log.warn(line);
  log.warn(`map '${shown}': failed to create: ${remapped}`);
  return log.refuseWith(line, { stage: "resolve", errno: remapped, subject });
}

function attemptMap<T extends MapSpec>(map: T, btf: Btf | null, kernel: Kernel, log: LoadLog): T | Errno {
  const bare = { ...map, keyTypeId: 0, valueTypeId: 0 };
  if (!btf || !givesBtf(map)) return createErrno(bare, kernel) ?? bare;
  const errno = createErrno(map, kernel) ?? mapBtfErrno(map, btf);
  if (!errno) return map;
  log.warn(`Error in bpf_create_map_xattr(${map.name}): ${errno}. Retrying without BTF.`);
  return createErrno(bare, kernel) ?? bare;
}

/** include/linux/percpu.h PCPU_MIN_UNIT_SIZE: no per-CPU value is larger */
const PERCPU_MAX = 32 << 10;
const KMALLOC_MAX = 4 << 20;
/** sysctl kernel.perf_event_max_stack */
const MAX_STACK_TRACE = 127;

/** The errno of BPF_MAP_CREATE before BTF is looked at, or undefined. */
function createErrno(map: MapSpec, kernel: Kernel): Errno | undefined {
  const type = kernel.manifest.mapTypes.find((one) => one.id === map.typeId);
  if (!type?.supported) return EINVAL;
  if (map.mapExtra !== 0n && !["bloom_filter", "arena", "rhash"].includes(map.type)) return EINVAL;
  const { keySize, valueSize, maxEntries, flags } = map;
  const bad = (condition: boolean): Errno | undefined => (condition ? EINVAL : undefined);
  const big = (condition: boolean): Errno | undefined => (condition ? E2BIG : undefined);
  // libbpf leaves the template's descriptor 0 then, which is whatever standard input is, and no map
  const noTemplate = !map.inner;
  const percpu = map.type.includes("percpu");
  const restricted = (flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0;
  if ((flags & BPF_F_RDONLY_PROG) !== 0 && (flags & BPF_F_WRONLY_PROG) !== 0) return EINVAL;
  switch (map.type) {
    case "array":
    case "percpu_array":
      return (
        bad(maxEntries === 0 || keySize !== 4 || valueSize === 0 || (flags & BPF_F_NO_PREALLOC) !== 0 || (percpu && (flags & BPF_F_MMAPABLE) !== 0)) ??
        big(valueSize > 0x7fff_ffff || (percpu && valueSize > PERCPU_MAX))
      );
    case "prog_array":
    case "perf_event_array":
    case "cgroup_array":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4 || restricted || (flags & (BPF_F_MMAPABLE | BPF_F_NO_PREALLOC)) !== 0);
    case "array_of_maps":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4 || restricted || noTemplate);
    case "hash_of_maps":
      return bad(maxEntries === 0 || keySize === 0 || valueSize !== 4 || noTemplate);
    case "hash":
    case "percpu_hash":
    case "rhash":
      return bad(maxEntries === 0 || keySize === 0 || valueSize === 0) ?? big(keySize + valueSize >= KMALLOC_MAX || (percpu && valueSize > PERCPU_MAX));
    case "lru_hash":
    case "lru_percpu_hash":
      if ((flags & BPF_F_NO_PREALLOC) !== 0) return "-ENOTSUPP";
      return bad(maxEntries === 0 || keySize === 0 || valueSize === 0) ?? big(keySize + valueSize >= KMALLOC_MAX || (percpu && valueSize > PERCPU_MAX));
    case "lpm_trie":
      return bad(maxEntries === 0 || (flags & BPF_F_NO_PREALLOC) === 0 || keySize < 5 || keySize > 260 || valueSize === 0);
    case "queue":
    case "stack":
      return bad(maxEntries === 0 || keySize !== 0 || valueSize === 0 || (flags & BPF_F_NO_PREALLOC) !== 0) ?? big(valueSize > KMALLOC_MAX);
    case "bloom_filter":
      return bad(maxEntries === 0 || keySize !== 0 || valueSize === 0 || map.mapExtra > 15n);
    case "ringbuf":
    case "user_ringbuf":
      return bad(keySize !== 0 || valueSize !== 0 || maxEntries === 0 || maxEntries % PAGE_SIZE !== 0 || (maxEntries & (maxEntries - 1)) !== 0);
    case "arena":
      return bad(keySize !== 0 || valueSize !== 0 || maxEntries === 0 || (flags & BPF_F_MMAPABLE) === 0 || map.mapExtra % BigInt(PAGE_SIZE) !== 0n) ?? arenaRange(map);
    case "sk_storage":
    case "task_storage":
    case "inode_storage":
    case "cgrp_storage":
      return bad((flags & BPF_F_NO_PREALLOC) === 0 || maxEntries !== 0 || keySize !== 4 || valueSize === 0 || map.keyTypeId === 0 || map.valueTypeId === 0) ?? big(valueSize > 65_400);
    case "cgroup_storage":
    case "percpu_cgroup_storage":
      return bad((keySize !== 8 && keySize !== 16) || valueSize === 0) ?? big(valueSize > (percpu ? PERCPU_MAX : 65_400)) ?? bad(maxEntries !== 0);
    case "stack_trace":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize < 8 || valueSize % 8 !== 0 || valueSize / 8 > MAX_STACK_TRACE * ((flags & 32) !== 0 ? 4 : 1)) ?? big(maxEntries > 2 ** 31);
    case "sockmap":
    case "reuseport_sockarray":
      return bad(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8));
    case "sockhash":
      return bad(maxEntries === 0 || keySize === 0 || (valueSize !== 4 && valueSize !== 8)) ?? big(keySize > 512);
    case "xskmap":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4);
    case "devmap":
    case "devmap_hash":
      return bad(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8));
    case "cpumap":
      return bad(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8)) ?? big(maxEntries > Number(kernel.config("CONFIG_NR_CPUS") ?? 8192));
    default:
      return undefined;
  }
}

/** The user's mapping must lie within one 4 GB window. */
function arenaRange(map: MapSpec): Errno | undefined {
  const bytes = BigInt(map.maxEntries) * BigInt(PAGE_SIZE);
  if (bytes > 1n << 32n) return E2BIG;
  return map.mapExtra >> 32n !== (map.mapExtra + bytes - 1n) >> 32n ? "-ERANGE" : undefined;
}
