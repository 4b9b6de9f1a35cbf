import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { ArrayMap } from "./array.ts";
import { BloomFilterMap } from "./bloom-filter.ts";
import { HASH_FLAGS, HashMap } from "./hash.ts";
import { LpmTrieMap } from "./lpm-trie.ts";
import { QueueStackMap } from "./queue-stack.ts";
import { MapInMap, RedirectMap, ReferenceArrayMap } from "./reference-maps.ts";
import { RingbufMap } from "./ringbuf.ts";
import { MapFlag, roundUp8, type MapEnv, type SimMap } from "./sim-map.ts";
import { StackTraceMap, StorageMap } from "./storage.ts";

export interface MapProblem { kind: "refused" | "unsupported"; errno: number; message: string }

const ACCESS = MapFlag.RDONLY | MapFlag.WRONLY | MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG;
const ARRAY_FLAGS = MapFlag.NUMA_NODE | MapFlag.MMAPABLE | ACCESS | MapFlag.PRESERVE_ELEMS | MapFlag.INNER_MAP;
const KMALLOC_MAX = 4 * 1024 * 1024;
const PERCPU_MAX = 32 * 1024;
/** what the simulation keeps for one map at most */
const MAX_ELEMENTS_BYTES = 200 * 1024 * 1024;

/** A map as BPF_MAP_CREATE makes it, with that type's checks of its attributes (kernel 7.3 …_alloc_check). */
export function createMap(spec: MapSpec, env: MapEnv, deviceExists: (ifindex: number) => boolean): Result<SimMap, MapProblem> {
  const errno = checkAttributes(spec);
  if (errno !== 0) return err({ kind: "refused", errno, message: `map ${spec.name}: the kernel refuses its attributes (type ${spec.type}, key_size ${spec.keySize}, value_size ${spec.valueSize}, max_entries ${spec.maxEntries}, flags 0x${spec.flags.toString(16)})` });
  const problem = (message: string): Result<SimMap, MapProblem> => err({ kind: "unsupported", errno: Errno.ENOTSUPP, message });
  switch (spec.type) {
    case "array": case "percpu_array": {
      const copies = spec.type === "array" ? 1 : env.cpus;
      if (spec.maxEntries * roundUp8(spec.valueSize) * copies > MAX_ELEMENTS_BYTES) return problem(`map ${spec.name} takes more than the ${MAX_ELEMENTS_BYTES >> 20} MiB simulated for one map`);
      return ok(new ArrayMap(spec, env, spec.type === "percpu_array"));
    }
    case "hash": case "rhash": return ok(new HashMap(spec, env, { percpu: false, lru: false }));
    case "percpu_hash": return ok(new HashMap(spec, env, { percpu: true, lru: false }));
    case "lru_hash": return ok(new HashMap(spec, env, { percpu: false, lru: true }));
    case "lru_percpu_hash": return ok(new HashMap(spec, env, { percpu: true, lru: true }));
    case "lpm_trie": return ok(new LpmTrieMap(spec, env));
    case "queue": return ok(new QueueStackMap(spec, env, false));
    case "stack": return ok(new QueueStackMap(spec, env, true));
    case "bloom_filter": return ok(new BloomFilterMap(spec, env));
    case "ringbuf": return ok(new RingbufMap(spec, env));
    case "prog_array": case "perf_event_array": case "cgroup_array": case "sockmap": case "sockhash": case "reuseport_sockarray":
      return ok(new ReferenceArrayMap(spec, env));
    case "array_of_maps": return ok(new MapInMap(spec, env, true));
    case "hash_of_maps": return ok(new MapInMap(spec, env, false));
    case "devmap": case "devmap_hash": case "cpumap": case "xskmap": return ok(new RedirectMap(spec, env, spec.type, deviceExists));
    case "sk_storage": case "inode_storage": case "task_storage": case "cgrp_storage": case "cgroup_storage": case "percpu_cgroup_storage":
      return ok(new StorageMap(spec, env));
    case "stack_trace": return ok(new StackTraceMap(spec, env));
    default: return problem(`maps of type ${spec.type} are not simulated (map ${spec.name})`);
  }
}

/** 0, or the errno BPF_MAP_CREATE gives. Types without an entry are not checked. */
export function checkAttributes(spec: MapSpec): number {
  const { keySize, valueSize, maxEntries, flags } = spec;
  if ((flags & (MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG)) === (MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG)) return Errno.EINVAL;
  switch (spec.type) {
    case "array": case "percpu_array":
      if (maxEntries === 0 || keySize !== 4 || valueSize === 0 || (flags & ~ARRAY_FLAGS) !== 0) return Errno.EINVAL;
      if (spec.type !== "array" && (flags & (MapFlag.MMAPABLE | MapFlag.INNER_MAP)) !== 0) return Errno.EINVAL;
      if (valueSize > 0x7fffffff || (spec.type === "percpu_array" && roundUp8(valueSize) > PERCPU_MAX)) return Errno.E2BIG;
      return 0;
    case "hash": case "percpu_hash": case "lru_hash": case "lru_percpu_hash": {
      const lru = spec.type.startsWith("lru");
      const percpu = spec.type.includes("percpu");
      if ((flags & ~HASH_FLAGS) !== 0) return Errno.EINVAL;
      if (!lru && (flags & MapFlag.NO_COMMON_LRU) !== 0) return Errno.EINVAL;
      if (lru && (flags & MapFlag.NO_PREALLOC) !== 0) return Errno.ENOTSUPP;
      if (maxEntries === 0 || keySize === 0 || valueSize === 0) return Errno.EINVAL;
      if (keySize + valueSize >= KMALLOC_MAX - 64) return Errno.E2BIG;
      return percpu && roundUp8(valueSize) > PERCPU_MAX ? Errno.E2BIG : 0;
    }
    case "lpm_trie":
      if (maxEntries === 0 || (flags & MapFlag.NO_PREALLOC) === 0 || (flags & ~(MapFlag.NO_PREALLOC | MapFlag.NUMA_NODE | ACCESS)) !== 0) return Errno.EINVAL;
      return keySize < 5 || keySize > 4 + 256 || valueSize === 0 || valueSize > KMALLOC_MAX - 304 ? Errno.EINVAL : 0;
    case "queue": case "stack":
      if (maxEntries === 0 || keySize !== 0 || valueSize === 0 || (flags & ~(MapFlag.NUMA_NODE | ACCESS)) !== 0) return Errno.EINVAL;
      return valueSize > KMALLOC_MAX || maxEntries >= 0xffffffff / valueSize ? Errno.E2BIG : 0;
    case "bloom_filter":
      return keySize !== 0 || valueSize === 0 || maxEntries === 0 || (spec.mapExtra & ~0xfn) !== 0n ? Errno.EINVAL : 0;
    case "ringbuf": case "user_ringbuf":
      return keySize !== 0 || valueSize !== 0 || maxEntries === 0 || (maxEntries & (maxEntries - 1)) !== 0 || maxEntries % 4096 !== 0 ? Errno.EINVAL : 0;
    case "prog_array": case "perf_event_array": case "cgroup_array": case "array_of_maps":
      return maxEntries === 0 || keySize !== 4 || valueSize !== 4 ? Errno.EINVAL : 0;
    case "hash_of_maps":
      return maxEntries === 0 || keySize === 0 || valueSize !== 4 ? Errno.EINVAL : 0;
    case "devmap": case "devmap_hash":
      return maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8) ? Errno.EINVAL : 0;
    case "cpumap":
      return maxEntries === 0 || keySize !== 4 || (valueSize !== 4 && valueSize !== 8) ? Errno.EINVAL : 0;
    case "xskmap":
      return maxEntries === 0 || keySize !== 4 || valueSize !== 4 ? Errno.EINVAL : 0;
    case "stack_trace":
      return maxEntries === 0 || keySize !== 4 || valueSize < 8 || valueSize % 8 !== 0 || valueSize / 8 > 127 ? Errno.EINVAL : 0;
    case "sk_storage": case "inode_storage": case "task_storage": case "cgrp_storage":
      return maxEntries !== 0 || keySize !== 4 || valueSize === 0 || (flags & MapFlag.NO_PREALLOC) === 0 ? Errno.EINVAL : 0;
    default: return 0;
  }
}
