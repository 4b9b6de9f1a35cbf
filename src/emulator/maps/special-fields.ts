import type { BtfId } from "../../base/brand.ts";
import { BtfKind, type Btf } from "../../btf/types.ts";

/** A field of a map value that the kernel manages (btf_record, kernel 6.12 btf_parse_fields). */
export interface SpecialField {
  kind: "spin_lock" | "res_spin_lock" | "timer" | "wq" | "kptr" | "uptr" | "list_head" | "list_node" | "rb_root" | "rb_node" | "refcount" | "task_work";
  off: number;
  size: number;
}

const STRUCTS: Readonly<Record<string, SpecialField["kind"]>> = {
  bpf_spin_lock: "spin_lock", bpf_res_spin_lock: "res_spin_lock", bpf_timer: "timer", bpf_wq: "wq", bpf_list_head: "list_head", bpf_list_node: "list_node",
  bpf_rb_root: "rb_root", bpf_rb_node: "rb_node", bpf_refcount: "refcount", bpf_task_work: "task_work",
};
const POINTER_TAGS: Readonly<Record<string, SpecialField["kind"]>> = { kptr: "kptr", kptr_untrusted: "kptr", percpu_kptr: "kptr", uptr: "uptr" };

/** Kernel-managed fields of a type, with their offsets; looks into nested structs and arrays, at most 8 deep and 64 fields. */
export function specialFields(btf: Btf | null, typeId: BtfId): SpecialField[] {
  const out: SpecialField[] = [];
  if (btf && typeId !== 0) collect(btf, typeId, 0, 0, out);
  return out;
}

function collect(btf: Btf, typeId: BtfId, base: number, depth: number, out: SpecialField[]): void {
  if (depth > 8 || out.length >= 64) return;
  const type = btf.resolve(typeId);
  if (!type) return;
  if (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) {
    const kind = STRUCTS[type.name];
    if (kind) {
      out.push({ kind, off: base, size: type.size });
      return;
    }
    for (const member of type.members) collect(btf, member.type, base + (member.bitOffset >> 3), depth + 1, out);
  } else if (type.kind === BtfKind.ARRAY) {
    const size = btf.sizeOf(type.elemType) ?? 0;
    const before = out.length;
    for (let i = 0; i < Math.min(type.nelems, 64); i++) {
      collect(btf, type.elemType, base + i * size, depth + 1, out);
      if (out.length === before) return;
    }
  } else if (type.kind === BtfKind.PTR) {
    const target = btf.type(type.type);
    if (target?.kind === BtfKind.TYPE_TAG) {
      const kind = POINTER_TAGS[target.name];
      if (kind) out.push({ kind, off: base, size: 8 });
    }
  } else if (type.kind === BtfKind.DATASEC) {
    for (const info of type.secinfos) {
      const variable = btf.type(info.type);
      if (variable?.kind === BtfKind.VAR) collect(btf, variable.type, base + info.offset, depth + 1, out);
    }
  }
}
