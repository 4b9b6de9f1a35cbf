/** Maps with the special fields of their values (kernel btf_parse_fields). */
import { BtfKind, type Btf } from "../../btf/types.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { Env } from "../state/env.ts";
import { type BtfField, type BtfRecord, type FieldType, VMap } from "../state/maps.ts";

const STRUCTS: Readonly<Record<string, [FieldType, number]>> = {
  bpf_spin_lock: ["spin_lock", 4], bpf_res_spin_lock: ["res_spin_lock", 8], bpf_timer: ["timer", 16], bpf_wq: ["wq", 16], bpf_task_work: ["task_work", 16],
  bpf_list_head: ["list_head", 16], bpf_list_node: ["list_node", 24], bpf_rb_root: ["rb_root", 16], bpf_rb_node: ["rb_node", 32], bpf_refcount: ["refcount", 4],
};

function collect(btf: Btf, id: number, at: number, out: BtfField[], depth: number): void {
  if (depth > 8) return;
  const t = btf.resolve(id);
  if (!t) return;
  if (t.kind === BtfKind.ARRAY) {
    const size = btf.sizeOf(t.elemType) ?? 0;
    const before = out.length;
    if (t.nelems > 0) collect(btf, t.elemType, at, out, depth + 1);
    const found = out.slice(before);
    if (found.length > 0) for (let i = 1; i < Math.min(t.nelems, 64); i++) for (const f of found) out.push({ ...f, offset: f.offset + i * size });
    return;
  }
  if (t.kind === BtfKind.DATASEC) {
    for (const s of t.secinfos) {
      const v = btf.type(s.type);
      if (v?.kind === BtfKind.VAR) collect(btf, v.type, s.offset, out, depth + 1);
    }
    return;
  }
  if (t.kind !== BtfKind.STRUCT) return;
  const special = STRUCTS[t.name];
  if (special) {
    out.push({ type: special[0], offset: at, size: special[1] });
    return;
  }
  for (const m of t.members) {
    const off = at + (m.bitOffset >> 3);
    const kptr = kptrOf(btf, m.type);
    if (kptr) out.push({ ...kptr, offset: off, size: 8 });
    else collect(btf, m.type, off, out, depth + 1);
  }
}
function kptrOf(btf: Btf, id: number): { type: FieldType; kptr: { btf: Btf; btfId: number } } | null {
  let t = btf.type(id);
  while (t && (t.kind === BtfKind.CONST || t.kind === BtfKind.VOLATILE || t.kind === BtfKind.TYPEDEF)) t = btf.type(t.type);
  if (t?.kind !== BtfKind.PTR) return null;
  const tag = btf.type(t.type);
  if (tag?.kind !== BtfKind.TYPE_TAG) return null;
  const type = ({ kptr: "kptr_ref", kptr_untrusted: "kptr_unref", percpu_kptr: "kptr_percpu", uptr: "uptr" } as Record<string, FieldType>)[tag.name];
  return type ? { type, kptr: { btf, btfId: btf.resolve(tag.type)?.id ?? 0 } } : null;
}
export function parseRecord(btf: Btf | null, id: number): BtfRecord | null {
  if (!btf || !id) return null;
  const fields: BtfField[] = [];
  collect(btf, id, 0, fields, 0);
  if (fields.length === 0) return null;
  fields.sort((a, b) => a.offset - b.offset);
  const off = (t: FieldType): number => fields.find((f) => f.type === t)?.offset ?? -1;
  return { fields, spinLockOff: off("spin_lock"), resSpinLockOff: off("res_spin_lock"), timerOff: off("timer"), wqOff: off("wq"), taskWorkOff: off("task_work"), refcountOff: off("refcount") };
}
function make(env: Env, spec: MapSpec, index: number): VMap {
  return new VMap(spec, index, parseRecord(env.btf, spec.valueTypeId), spec.inner ? make(env, spec.inner, -1) : null, env.btf);
}
export function buildMaps(env: Env): void {
  env.maps = env.prog.maps.map((m, i) => make(env, m, i));
}
