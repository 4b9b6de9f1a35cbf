/** Map values (kernel check_map_access, check_map_access_type, bpf_map_direct_read). */
import type { Env } from "../state/env.ts";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, type FieldType, type VMap } from "../state/maps.ts";
import { tnumIsConst } from "../domains/tnum.ts";
import type { RegState } from "../state/reg-state.ts";
import { checkMemRegionAccess } from "./mem-region.ts";

export const FIELD_NAMES: Readonly<Record<FieldType, string>> = {
  spin_lock: "bpf_spin_lock", res_spin_lock: "bpf_res_spin_lock", timer: "bpf_timer", wq: "bpf_wq", task_work: "bpf_task_work",
  kptr_unref: "kptr", kptr_ref: "kptr", kptr_percpu: "percpu_kptr", uptr: "uptr", list_head: "bpf_list_head", list_node: "bpf_list_node",
  rb_root: "bpf_rb_root", rb_node: "bpf_rb_node", refcount: "bpf_refcount",
};

export function checkMapAccessType(env: Env, reg: RegState, off: number, size: number, t: "read" | "write"): void {
  const { flags, valueSize } = reg.map!;
  const at = env.f.ptr_fixed_off ? BigInt(off) : reg.r64.smin + BigInt(off);
  const at2 = env.f.map_access_type_shows_off ? at : at;
  if (t === "write" && flags & BPF_F_RDONLY_PROG) env.fail("EACCES", `write into map forbidden, value_size=${valueSize} off=${at2} size=${size}`);
  if (t === "read" && flags & BPF_F_WRONLY_PROG) env.fail("EACCES", `read from map forbidden, value_size=${valueSize} off=${at2} size=${size}`);
}

/** @param src "direct": by an instruction; "helper": a helper reads or writes there */
export function checkMapAccess(env: Env, reg: RegState, name: string, off: number, size: number, zeroOk: boolean, src: "direct" | "helper"): void {
  const map = reg.map!;
  const memSize = map.type === "insn_array" ? map.maxEntries * 8 : map.valueSize;
  checkMemRegionAccess(env, reg, name, off, size, memSize, zeroOk);
  if (!map.record) return;
  const lo = reg.r64.smin + BigInt(off), hi = reg.r64.umax + BigInt(off + size);
  for (const f of map.record.fields) {
    if (!(lo < BigInt(f.offset + f.size) && BigInt(f.offset) < hi)) continue;
    const what = FIELD_NAMES[f.type];
    if (f.type !== "kptr_unref" && f.type !== "kptr_ref" && f.type !== "kptr_percpu" && f.type !== "uptr")
      env.fail("EACCES", `${what} cannot be accessed directly by load/store`);
    if (src !== "direct") env.fail("EACCES", `${what} cannot be accessed indirectly by helper`);
    if (!tnumIsConst(reg.varOff)) env.fail("EACCES", `${what} access cannot have variable offset`);
    const at = BigInt(off) + BigInt.asIntN(64, reg.varOff.value);
    if (BigInt(f.offset) !== at) env.fail("EACCES", `${what} access misaligned expected=${f.offset} off=${BigInt.asUintN(64, at)}`);
    if (size !== 8) env.fail("EACCES", `${what} access size must be BPF_DW`);
  }
}
/** Frozen and read-only for programs: its content is a constant. */
export function mapIsRdonly(map: VMap): boolean {
  return (map.flags & BPF_F_RDONLY_PROG) !== 0 && map.spec.readonly && map.spec.initialData !== undefined;
}
/** The bytes of a constant map, zero- or sign-extended to 64 bits; undefined outside. */
export function mapDirectRead(map: VMap, off: number, size: number, signed: boolean): bigint | undefined {
  const data = map.spec.initialData;
  if (!data || off < 0 || off + size > map.valueSize) return undefined;
  let v = 0n;
  for (let i = size - 1; i >= 0; i--) v = (v << 8n) | BigInt(data[off + i] ?? 0);
  return BigInt.asUintN(64, signed ? BigInt.asIntN(size * 8, v) : v);
}
