/**
 * Special fields of map values before 6.2: only members of the value type itself, each kind looked for by itself, kernel
 * pointers tagged "kptr" (never owned) or "kptr_ref" (owned) (kernel btf_find_spin_lock, btf_find_timer, btf_parse_kptrs).
 */
import { type Btf, BtfKind, type BtfType } from "../../btf/types.ts";
import type { BtfField, BtfRecord } from "../state/maps.ts";

const MAX_KPTRS = 8;

/** Members of the struct, or variables of the section, with their offset in bytes; null where one lies within a byte. */
function places(btf: Btf, t: BtfType | undefined): { type: number; off: number }[] {
  if (t?.kind === BtfKind.STRUCT || t?.kind === BtfKind.UNION) return t.members.filter((m) => m.bitOffset % 8 === 0).map((m) => ({ type: m.type, off: m.bitOffset / 8 }));
  if (t?.kind !== BtfKind.DATASEC) return [];
  return t.secinfos.flatMap((s) => {
    const v = btf.type(s.type);
    return v?.kind === BtfKind.VAR ? [{ type: v.type, off: s.offset }] : [];
  });
}

function one(btf: Btf, all: readonly { type: number; off: number }[], name: string, size: number, align: number, type: BtfField["type"]): BtfField[] {
  const found = all.filter(({ type: id }) => {
    const t = btf.type(id);
    return t !== undefined && (t.kind === BtfKind.STRUCT || t.kind === BtfKind.UNION) && t.name === name && t.size === size;
  });
  const [first] = found;
  return found.length === 1 && first && first.off % align === 0 ? [{ type, offset: first.off, size }] : [];
}

/** The tagged pointers; none at all where one of them is wrong. */
function kptrs(kernel: Btf | null, btf: Btf, all: readonly { type: number; off: number }[]): BtfField[] {
  const out: BtfField[] = [];
  for (const { type: id, off } of all) {
    const ptr = btf.type(id);
    const tag = ptr?.kind === BtfKind.PTR ? btf.type(ptr.type) : undefined;
    if (off % 8 !== 0) return [];
    if (tag?.kind !== BtfKind.TYPE_TAG) continue;
    const type = tag.name === "kptr" ? "kptr_unref" : tag.name === "kptr_ref" ? "kptr_ref" : undefined;
    const to = btf.resolve(tag.type);
    if (!type || btf.type(tag.type)?.kind === BtfKind.TYPE_TAG || (to?.kind !== BtfKind.STRUCT && to?.kind !== BtfKind.UNION)) return [];
    const inKernel = kernel?.find(to.kind, to.name);
    if (!kernel || inKernel === undefined || out.length === MAX_KPTRS) return [];
    out.push({ type, offset: off, size: 8, kptr: { btf: kernel, btfId: inKernel } });
  }
  return out;
}

/** @param has which kinds the release knows */
export function parseOldFields(kernel: Btf | null, btf: Btf, id: number, has: { timers: boolean; kptrs: boolean }): BtfRecord | null {
  const all = places(btf, btf.resolve(id));
  const fields = [
    ...one(btf, all, "bpf_spin_lock", 4, 4, "spin_lock"), ...(has.timers ? one(btf, all, "bpf_timer", 16, 8, "timer") : []),
    ...(has.kptrs ? kptrs(kernel, btf, all) : []),
  ].sort((a, b) => a.offset - b.offset);
  if (fields.length === 0) return null;
  const off = (type: BtfField["type"]): number => fields.find((f) => f.type === type)?.offset ?? -1;
  return { fields, spinLockOff: off("spin_lock"), resSpinLockOff: -1, timerOff: off("timer"), wqOff: -1, taskWorkOff: -1, refcountOff: -1 };
}
