/**
 * Special fields of map values and of a program's own allocated types: locks, timers, kernel pointers, list heads, tree
 * roots and nodes (kernel btf_parse_fields, btf_parse_struct_metas).
 */
import { type Btf, BtfKind, type BtfType } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { type BtfField, type BtfRecord, type FieldType, recordHasField } from "../state/maps.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";

/** Kernel struct by name: what field it is, its size and alignment. Sizes are the program's view of them (uapi linux/bpf.h). */
const STRUCTS: Readonly<Record<string, readonly [FieldType, number, number]>> = {
  bpf_spin_lock: ["spin_lock", 4, 4], bpf_res_spin_lock: ["res_spin_lock", 4, 4], bpf_timer: ["timer", 16, 8], bpf_wq: ["wq", 16, 8],
  bpf_task_work: ["task_work", 8, 8], bpf_list_head: ["list_head", 16, 8], bpf_list_node: ["list_node", 24, 8], bpf_rb_root: ["rb_root", 16, 8],
  bpf_rb_node: ["rb_node", 32, 8], bpf_refcount: ["refcount", 4, 4],
};
const KPTR_TAGS: Readonly<Record<string, FieldType>> = { kptr: "kptr_ref", kptr_ref: "kptr_ref", kptr_untrusted: "kptr_unref", percpu_kptr: "kptr_percpu", uptr: "uptr" };
const NAMES: Partial<Record<FieldType, string>> = { kptr_unref: "kptr", kptr_ref: "kptr", kptr_percpu: "percpu_kptr", uptr: "uptr" };
const MAX_DEPTH = 32;
const MAX_FIELDS = 11;

/** The field's type as the kernel's messages name it: `bpf_spin_lock`, `kptr` (kernel btf_field_type_name). */
export const fieldTypeName = (t: FieldType): string => NAMES[t] ?? `bpf_${t}`;

type Parsed = { ok: true; record: BtfRecord | null } | { ok: false; errno: string };
class Bad extends Error {
  readonly errno: string;
  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

class Collector {
  private readonly kernel: Btf | null;
  private readonly btf: Btf;
  private readonly wanted: readonly FieldType[];
  readonly out: BtfField[] = [];
  constructor(kernel: Btf | null, btf: Btf, wanted: readonly FieldType[]) {
    this.kernel = kernel;
    this.wanted = wanted;
    this.btf = btf;
  }

  /** @param owner type whose member (or the variable that) it is, for its decl tags */
  one(owner: number, component: number, id: number, at: number, depth: number): void {
    let t = this.btf.resolve(id);
    let nelems = 1;
    for (let i = 0; t?.kind === BtfKind.ARRAY; i++) {
      if (i > MAX_DEPTH) throw new Bad("E2BIG");
      nelems *= t.nelems;
      t = this.btf.resolve(t.elemType);
    }
    if (!t || nelems === 0) return;
    const start = this.out.length;
    const size = this.element(owner, component, t, at, depth);
    const found = this.out.slice(start);
    if (found.length === 0 || nelems === 1) return;
    if (found.length * nelems > MAX_FIELDS) throw new Bad("E2BIG");
    const repeatable: readonly FieldType[] = ["kptr_unref", "kptr_ref", "kptr_percpu", "uptr", "list_head", "rb_root"];
    if (found.some((f) => !repeatable.includes(f.type))) throw new Bad("EINVAL");
    for (let i = 1; i < nelems; i++) for (const f of found) this.out.push({ ...f, offset: f.offset + i * size });
  }

  private element(owner: number, component: number, t: BtfType, at: number, depth: number): number {
    if (t.kind === BtfKind.PTR) {
      this.kptr(t.type, at);
      return 8;
    }
    if (t.kind !== BtfKind.STRUCT && t.kind !== BtfKind.UNION) return 0;
    const special = t.kind === BtfKind.STRUCT ? STRUCTS[t.name] : undefined;
    if (special && t.size === special[1] && this.wanted.includes(special[0])) {
      if (at % special[2] !== 0) return t.size;
      const [type, size] = special;
      const unique = type !== "list_head" && type !== "list_node" && type !== "rb_root" && type !== "rb_node";
      if (unique && this.out.some((f) => f.type === type)) throw new Bad("E2BIG");
      const field: BtfField = { type, offset: at, size };
      if (type === "list_head" || type === "rb_root") field.graph = this.graphRoot(owner, component, type);
      this.push(field);
      return t.size;
    }
    this.members(t, at, depth + 1);
    return t.size;
  }
  members(t: BtfType, at: number, depth: number): void {
    if (depth >= MAX_DEPTH) throw new Bad("E2BIG");
    if (t.kind !== BtfKind.STRUCT && t.kind !== BtfKind.UNION) return;
    t.members.forEach((m, i) => {
      if (m.bitfieldSize === 0 && m.bitOffset % 8 === 0) this.one(t.id, i, m.type, at + m.bitOffset / 8, depth);
    });
  }
  private push(f: BtfField): void {
    if (this.out.length >= MAX_FIELDS) throw new Bad("E2BIG");
    this.out.push(f);
  }

  private kptr(to: number, at: number): void {
    let id = to;
    const tags: FieldType[] = [];
    let t = this.btf.type(id);
    for (let i = 0; t && i < 64; i++) {
      if (t.kind === BtfKind.TYPE_TAG) {
        const type = t.kindFlag ? undefined : KPTR_TAGS[t.name];
        if (type) tags.push(type);
      } else if (t.kind !== BtfKind.CONST && t.kind !== BtfKind.VOLATILE && t.kind !== BtfKind.RESTRICT && t.kind !== BtfKind.TYPEDEF) break;
      id = t.type;
      t = this.btf.type(id);
    }
    const [type] = tags;
    if (!type || at % 8 !== 0 || !this.wanted.includes(type)) return;
    if (tags.length > 1 || (t?.kind !== BtfKind.STRUCT && t?.kind !== BtfKind.UNION)) throw new Bad("EINVAL");
    const inKernel = this.kernel?.find(t.kind, t.name);
    const kptr = inKernel !== undefined && this.kernel ? { btf: this.kernel, btfId: inKernel } : { btf: this.btf, btfId: id };
    this.push({ type, offset: at, size: 8, kptr });
  }

  /** `contains:OWNER:NODE`, the decl tag that says what a list or tree holds. */
  private graphRoot(owner: number, component: number, type: FieldType): BtfField["graph"] {
    const tags = this.btf.declTags(owner, component).filter((tag) => tag.startsWith("contains:"));
    const m = /^contains:([^:]+):(.+)$/.exec(tags[0] ?? "");
    if (tags.length !== 1 || !m) throw new Bad("EINVAL");
    const id = this.btf.find(BtfKind.STRUCT, m[1]!);
    const t = id === undefined ? undefined : this.btf.type(id);
    if (t?.kind !== BtfKind.STRUCT || id === undefined) throw new Bad("ENOENT");
    const nodes = t.members.filter((member) => member.name === m[2]);
    if (nodes.length === 0) throw new Bad("ENOENT");
    const [node] = nodes;
    const nt = node && this.btf.type(node.type);
    const wanted = type === "list_head" ? "bpf_list_node" : "bpf_rb_node";
    if (!node || nodes.length > 1 || nt?.kind !== BtfKind.STRUCT || nt.name !== wanted || node.bitOffset % 64 !== 0) throw new Bad("EINVAL");
    return { btf: this.btf, valueBtfId: id, nodeOffset: node.bitOffset / 8 };
  }
}

/** Fields that count in map values (kernel map_check_btf). */
const IN_MAPS: readonly FieldType[] = ["spin_lock", "res_spin_lock", "timer", "kptr_unref", "kptr_ref", "kptr_percpu", "list_head", "rb_root", "refcount", "wq", "uptr", "task_work"];

/**
 * The special fields of a type: a struct, or the DATASEC of a global-data map. The error is what map creation would give.
 * @param wanted what counts as a field there
 */
export function parseFields(kernel: Btf | null, btf: Btf, id: number, wanted = IN_MAPS): Parsed {
  const c = new Collector(kernel, btf, wanted);
  try {
    const t = btf.resolve(id);
    if (t?.kind === BtfKind.DATASEC) {
      for (const s of t.secinfos) {
        const v = btf.type(s.type);
        if (v?.kind === BtfKind.VAR) c.one(v.id, -1, v.type, s.offset, 0);
      }
    } else if (t) c.members(t, 0, 0);
  } catch (e) {
    if (e instanceof Bad) return { ok: false, errno: e.errno };
    throw e;
  }
  const fields = c.out.sort((a, b) => a.offset - b.offset);
  if (fields.length === 0) return { ok: true, record: null };
  const off = (type: FieldType): number => fields.find((f) => f.type === type)?.offset ?? -1;
  const record: BtfRecord = {
    fields, spinLockOff: off("spin_lock"), resSpinLockOff: off("res_spin_lock"), timerOff: off("timer"), wqOff: off("wq"), taskWorkOff: off("task_work"), refcountOff: off("refcount"),
  };
  for (let i = 1; i < fields.length; i++) if (fields[i]!.offset < fields[i - 1]!.offset + fields[i - 1]!.size) return { ok: false, errno: "EEXIST" };
  const locks = (record.spinLockOff >= 0 ? 1 : 0) + (record.resSpinLockOff >= 0 ? 1 : 0);
  if (locks > 1 || (locks === 0 && recordHasField(record, "list_head", "rb_root"))) return { ok: false, errno: "EINVAL" };
  if (record.refcountOff < 0 && recordHasField(record, "list_node") && recordHasField(record, "rb_node")) return { ok: false, errno: "EINVAL" };
  return { ok: true, record };
}

/** Fields that make a local type one the kernel keeps a record of (kernel btf_parse_struct_metas). */
const STRUCT_META: readonly FieldType[] = ["spin_lock", "res_spin_lock", "list_head", "list_node", "rb_root", "rb_node", "refcount", "kptr_unref", "kptr_ref", "kptr_percpu"];
const cache = new WeakMap<Btf, Map<number, BtfRecord | null>>();

/** Record of a struct of the program's BTF that bpf_obj_new can make; null when it has none (kernel btf_find_struct_meta). */
export function findStructRecord(env: Env, btf: Btf, id: number): BtfRecord | null {
  if (btf !== env.btf) return null;
  let known = cache.get(btf);
  if (!known) cache.set(btf, (known = new Map()));
  let record = known.get(id);
  if (record === undefined) {
    const parsed = parseFields(env.kernel.btf, btf, id, STRUCT_META);
    record = parsed.ok ? parsed.record : null;
    known.set(id, record);
  }
  return record;
}

/** Record of what a register points to (kernel reg_btf_record). */
export function regBtfRecord(env: Env, reg: RegState): BtfRecord | null {
  if (reg.type === T.PTR_TO_MAP_VALUE) return reg.map?.record ?? null;
  return T.typeIsPtrAllocObj(reg.type) && reg.btf ? findStructRecord(env, reg.btf, reg.btfId) : null;
}
/** May a lock lie in what the register points to? Such a pointer keeps its id. */
export function regMayPointToSpinLock(env: Env, reg: RegState): boolean {
  return recordHasField(regBtfRecord(env, reg), "spin_lock", "res_spin_lock");
}
/** Fields whose destruction takes locks that an NMI must not. */
export const recordHasNmiUnsafeFields = (record: BtfRecord): boolean => record.fields.some((f) => f.type !== "refcount" && f.type !== "spin_lock" && f.type !== "kptr_unref");
