/** A map as the verifier sees it: the bound map and the special fields of its value type. */
import type { Btf } from "../../btf/types.ts";
import type { BoundMap, MapSpec } from "../../loader/types.ts";

/** Special fields of a map value or of an allocated object (kernel enum btf_field_type). */
export type FieldType =
  | "spin_lock" | "res_spin_lock" | "timer" | "wq" | "task_work" | "kptr_unref" | "kptr_ref" | "kptr_percpu" | "uptr"
  | "list_head" | "list_node" | "rb_root" | "rb_node" | "refcount";

export interface BtfField {
  type: FieldType;
  /** bytes from the start of the value */
  offset: number;
  size: number;
  /** kptr: what it points to */
  kptr?: { btf: Btf; btfId: number };
  /** list_head, rb_root: type of the nodes' owner and where in it the node lies */
  graph?: { btf: Btf; valueBtfId: number; nodeOffset: number };
}
/** Kernel struct btf_record. Fields sorted by offset. */
export interface BtfRecord {
  fields: readonly BtfField[];
  spinLockOff: number;
  resSpinLockOff: number;
  timerOff: number;
  wqOff: number;
  taskWorkOff: number;
  refcountOff: number;
}

export class VMap {
  readonly spec: MapSpec;
  /** index in BoundProgram.maps; -1 for the inner map of a map-in-map */
  readonly index: number;
  readonly record: BtfRecord | null;
  readonly inner: VMap | null;
  /** object BTF the key and value types are in */
  readonly btf: Btf | null;
  constructor(spec: MapSpec, index: number, record: BtfRecord | null, inner: VMap | null, btf: Btf | null) {
    this.spec = spec;
    this.index = index;
    this.record = record;
    this.inner = inner;
    this.btf = btf;
  }
  get type(): string { return this.spec.type; }
  get keySize(): number { return this.spec.keySize; }
  get valueSize(): number { return this.spec.valueSize; }
  get maxEntries(): number { return this.spec.maxEntries; }
  /** instruction arrays are always read-only for programs */
  get flags(): number { return this.spec.type === "insn_array" ? this.spec.flags | BPF_F_RDONLY_PROG : this.spec.flags; }
  /** what the kernel knows of an inner map is its shape, not its name */
  get name(): string { return this.index < 0 ? "" : this.spec.name; }
}

export const BPF_F_RDONLY_PROG = 1 << 7;
export const BPF_F_WRONLY_PROG = 1 << 8;
export const BPF_F_INNER_MAP = 1 << 12;

export function recordHasField(record: BtfRecord | null, ...types: FieldType[]): boolean {
  return record !== null && record.fields.some((f) => types.includes(f.type));
}
/** The field of one of these types that starts exactly there (kernel btf_record_find). */
export function recordFind(record: BtfRecord | null, offset: number, ...types: FieldType[]): BtfField | undefined {
  return record?.fields.find((f) => f.offset === offset && types.includes(f.type));
}
export type BoundMapOf = BoundMap;
