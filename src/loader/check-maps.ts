import { err, ok, type Result } from "../base/result.ts";
import type { Kernel } from "../kernel/types.ts";
import { EINVAL, LoadLog, toLoadError, type Errno } from "./refusal.ts";
import type { LoadError, MapSpec, ObjectSpec } from "./types.ts";
import { BPF_F_MMAPABLE, BPF_F_NO_PREALLOC, PAGE_SIZE } from "./uapi.ts";

export interface CheckMapsOptions {
  /** maps without max_entries get 1, as veristat does before it loads; default true */
  fixMaxEntries?: boolean;
}

/** Types whose max_entries veristat leaves alone. */
const NO_MAX_ENTRIES = new Set(["sk_storage", "task_storage", "inode_storage", "cgroup_storage", "percpu_cgroup_storage", "cgrp_storage", "struct_ops"]);

/** The map as it is asked for: max_entries filled in where the loader or libbpf would. */
export function mapToCreate(map: MapSpec, options: CheckMapsOptions = {}): MapSpec {
  if (map.maxEntries !== 0 || options.fixMaxEntries === false || NO_MAX_ENTRIES.has(map.type)) return map;
  return { ...map, maxEntries: 1 };
}

/**
 * Whether the kernel creates all maps of the object, as it must before any program is loaded (libbpf
 * bpf_object__create_maps; kernel map_create and each type's map_alloc_check).
 */
export function checkMaps(spec: ObjectSpec, kernel: Kernel, options: CheckMapsOptions = {}): Result<null, LoadError> {
  const log = new LoadLog();
  try {
    for (const map of spec.maps) checkMap(mapToCreate(map, options), kernel, log);
    return ok(null);
  } catch (thrown) {
    return err(toLoadError(thrown, log, "resolve"));
  }
}

/** Refuses with libbpf's lines when the kernel would not create the map. */
export function checkMap(map: MapSpec, kernel: Kernel, log: LoadLog): void {
  const subject = { kind: "map" as const, name: map.name };
  if (map.inner) {
    const inner = createErrno(map.inner, kernel);
    if (inner) {
      log.warn(`map '${map.name}': failed to create inner map: ${inner}`);
      log.refuse(`map '${map.name}': failed to create: ${inner}`, { stage: "resolve", errno: inner, subject });
    }
  }
  const errno = createErrno(map, kernel);
  if (errno) log.refuse(`map '${map.name}': failed to create: ${errno}`, { stage: "resolve", errno, subject });
}

/** The errno of BPF_MAP_CREATE, or undefined. */
function createErrno(map: MapSpec, kernel: Kernel): Errno | undefined {
  const type = kernel.manifest.mapTypes.find((one) => one.id === map.typeId);
  if (!type?.supported) return EINVAL;
  const { keySize, valueSize, maxEntries, flags } = map;
  const bad = (condition: boolean): Errno | undefined => (condition ? EINVAL : undefined);
  switch (map.type) {
    case "array":
    case "percpu_array":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize === 0) ?? (valueSize > 0x7fff_ffff ? "-E2BIG" : undefined);
    case "prog_array":
    case "perf_event_array":
    case "cgroup_array":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4 || (flags & BPF_F_MMAPABLE) !== 0);
    case "array_of_maps":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4) ?? (map.inner ? undefined : "-EBADF");
    case "hash_of_maps":
      return bad(maxEntries === 0 || keySize === 0 || valueSize !== 4) ?? (map.inner ? undefined : "-EBADF");
    case "hash":
    case "percpu_hash":
    case "lru_hash":
    case "lru_percpu_hash":
      return bad(maxEntries === 0 || keySize === 0 || valueSize === 0) ?? (keySize > 512 && valueSize > 0x7fff_ffff ? "-E2BIG" : undefined);
    case "lpm_trie":
      return bad(maxEntries === 0 || (flags & BPF_F_NO_PREALLOC) === 0 || keySize < 5 || keySize > 260 || valueSize === 0);
    case "queue":
    case "stack":
      return bad(maxEntries === 0 || keySize !== 0 || valueSize === 0);
    case "bloom_filter":
      return bad(maxEntries === 0 || keySize !== 0 || valueSize === 0 || map.mapExtra > 15n);
    case "ringbuf":
    case "user_ringbuf":
      return bad(keySize !== 0 || valueSize !== 0 || maxEntries === 0 || maxEntries % PAGE_SIZE !== 0 || (maxEntries & (maxEntries - 1)) !== 0);
    case "arena":
      return bad(keySize !== 0 || valueSize !== 0 || maxEntries === 0 || (flags & BPF_F_MMAPABLE) === 0);
    case "sk_storage":
    case "task_storage":
    case "inode_storage":
    case "cgrp_storage":
      return bad((flags & BPF_F_NO_PREALLOC) === 0 || maxEntries !== 0 || keySize !== 4 || valueSize === 0 || map.keyTypeId === 0 || map.valueTypeId === 0);
    case "cgroup_storage":
    case "percpu_cgroup_storage":
      return bad(maxEntries !== 0 || (keySize !== 8 && keySize !== 16) || valueSize === 0) ?? (valueSize > PAGE_SIZE ? "-E2BIG" : undefined);
    case "stack_trace":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize < 8 || valueSize % 8 !== 0);
    case "sockmap":
    case "reuseport_sockarray":
      return bad(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8));
    case "sockhash":
      return bad(maxEntries === 0 || keySize === 0 || (valueSize !== 4 && valueSize !== 8)) ?? (keySize > 512 ? "-E2BIG" : undefined);
    case "xskmap":
      return bad(maxEntries === 0 || keySize !== 4 || valueSize !== 4);
    case "devmap":
    case "devmap_hash":
    case "cpumap":
      return bad(maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8));
    default:
      return undefined;
  }
}
