import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf, type BtfType } from "../btf/types.ts";
import type { Kernel, MapTypeName } from "../kernel/types.ts";
import { EINVAL, ENOTSUP, type Errno } from "./refusal.ts";
import type { MapSpec } from "./types.ts";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "./uapi.ts";

/** Types that libbpf never gives BTF to (bpf_object__create_map). */
const WITHOUT_BTF = new Set<MapTypeName>([
  "perf_event_array", "cgroup_array", "stack_trace", "array_of_maps", "hash_of_maps", "devmap", "devmap_hash", "cpumap", "xskmap", "sockmap", "sockhash",
  "queue", "stack", "arena", "struct_ops",
]);
/** Types whose map_check_btf refuses any. */
const REFUSES_BTF = new Set<MapTypeName>(["prog_array"]);
/** Types that take BTF for the value without BTF for the key. */
const KEYLESS = new Set<MapTypeName>(["bloom_filter"]);

type Field = "lock" | "timer" | "kptr" | "uptr" | "list";

/** Kernel structs in map values that the kernel treats specially (btf_get_field_type). */
const FIELDS: Readonly<Record<string, Field>> = {
  bpf_spin_lock: "lock", bpf_res_spin_lock: "lock", bpf_timer: "timer", bpf_wq: "timer", bpf_task_work: "timer", bpf_refcount: "kptr",
  bpf_list_head: "list", bpf_list_node: "list", bpf_rb_root: "list", bpf_rb_node: "list",
};
const TAGS: Readonly<Record<string, Field>> = { kptr: "kptr", kptr_untrusted: "kptr", kptr_ref: "kptr", percpu_kptr: "kptr", uptr: "uptr" };

const STORAGE: readonly MapTypeName[] = ["sk_storage", "inode_storage", "task_storage", "cgrp_storage"];
/** Where each may stand (map_check_btf). */
const ALLOWED: Readonly<Record<Field, ReadonlySet<MapTypeName>>> = {
  lock: new Set(["hash", "rhash", "array", "cgroup_storage", ...STORAGE]),
  timer: new Set(["hash", "rhash", "lru_hash", "array"]),
  kptr: new Set(["hash", "rhash", "percpu_hash", "lru_hash", "lru_percpu_hash", "array", "percpu_array", ...STORAGE]),
  uptr: new Set(["task_storage"]),
  list: new Set(["hash", "lru_hash", "array"]),
};

/** True when libbpf hands the map's key and value types to the kernel. */
export function givesBtf(map: MapSpec): boolean {
  return !WITHOUT_BTF.has(map.type) && (map.keyTypeId !== 0 || map.valueTypeId !== 0);
}

/** The errno with which the kernel refuses the map's BTF (map_check_btf and each type's own); libbpf then retries without. */
export function mapBtfErrno(map: MapSpec, btf: Btf): Errno | undefined {
  if (map.keyTypeId !== 0 && map.valueTypeId === 0) return EINVAL;
  if (REFUSES_BTF.has(map.type)) return "-ENOTSUPP";
  const key = map.keyTypeId === 0 ? undefined : btf.resolve(map.keyTypeId);
  if (map.keyTypeId !== 0 && btf.sizeOf(map.keyTypeId) !== map.keySize) return EINVAL;
  if (btf.sizeOf(map.valueTypeId) !== map.valueSize) return EINVAL;
  if (!key) {
    const value = btf.type(map.valueTypeId);
    const isGlobalData = (map.type === "array" || map.type === "percpu_array") && map.maxEntries === 1 && value?.kind === BtfKind.DATASEC;
    if (!isGlobalData && !KEYLESS.has(map.type)) return EINVAL;
  } else if (KEYLESS.has(map.type)) {
    return EINVAL;
  }
  for (const field of specialFields(btf, map.valueTypeId)) {
    if ((map.flags & (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)) !== 0) return "-EACCES";
    if (!ALLOWED[field].has(map.type)) return ENOTSUP;
  }
  return key ? keyErrno(map, btf, key) : undefined;
}

/**
 * The errno with which the kernel refuses to map a map's memory: what holds locks, timers or pointers is not given to user space
 * (kernel bpf_map_mmap; before 5.15 locks were all there were).
 */
export function mmapErrno(map: MapSpec, btf: Btf, kernel: Kernel): Errno | undefined {
  const fields = map.valueTypeId === 0 ? [] : [...specialFields(btf, map.valueTypeId)];
  return fields.some((field) => field === "lock" || kernel.has("timers")) ? "-ENOTSUPP" : undefined;
}

function isInt(type: BtfType | undefined, size: number): boolean {
  return type?.kind === BtfKind.INT && type.size === size && type.bits === 8 * size && type.bitOffset === 0;
}

function keyErrno(map: MapSpec, btf: Btf, key: BtfType): Errno | undefined {
  switch (map.type) {
    case "array":
    case "percpu_array":
    case "sk_storage":
    case "task_storage":
    case "inode_storage":
    case "cgrp_storage":
      return isInt(key, 4) ? undefined : EINVAL;
    case "cgroup_storage":
    case "percpu_cgroup_storage": {
      if (map.keySize !== 16) return isInt(key, 8) ? undefined : EINVAL;
      const [inode, type] = key.kind === BtfKind.STRUCT && key.members.length === 2 ? key.members : [];
      const sound = inode?.bitOffset === 0 && isInt(btf.resolve(inode.type), 8) && type?.bitOffset === 64 && isInt(btf.resolve(type.type), 4);
      return sound ? undefined : EINVAL;
    }
    case "lpm_trie":
      return key.kind === BtfKind.STRUCT ? undefined : EINVAL;
    default:
      return undefined;
  }
}

/** Special fields of a value, in nested structs and arrays too. */
function specialFields(btf: Btf, id: BtfId): Set<Field> {
  const found = new Set<Field>();
  const seen = new Set<BtfId>();
  const visit = (type: BtfType | undefined, depth: number): void => {
    if (!type || depth > 8 || seen.has(type.id)) return;
    seen.add(type.id);
    if (type.kind === BtfKind.ARRAY) return visit(btf.resolve(type.elemType), depth + 1);
    if (type.kind === BtfKind.DATASEC) {
      for (const info of type.secinfos) {
        const variable = btf.type(info.type);
        if (variable?.kind === BtfKind.VAR) visitMember(variable.type, depth);
      }
    }
    if (type.kind !== BtfKind.STRUCT) return;
    const own = FIELDS[type.name];
    if (own) found.add(own);
    else for (const member of type.members) visitMember(member.type, depth);
  };
  const visitMember = (typeId: BtfId, depth: number): void => {
    const type = btf.resolve(typeId);
    const tag = type?.kind === BtfKind.PTR ? btf.type(type.type) : undefined;
    const field = tag?.kind === BtfKind.TYPE_TAG ? TAGS[tag.name] : undefined;
    if (field) found.add(field);
    visit(type, depth + 1);
  };
  const root = btf.type(id);
  visit(root?.kind === BtfKind.DATASEC ? root : btf.resolve(id), 0);
  return found;
}
