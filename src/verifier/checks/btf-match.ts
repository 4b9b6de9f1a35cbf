/** Walking a struct of BTF to what lies at an offset, and comparing types (kernel btf_struct_walk, btf_struct_ids_match). */
import { type Btf, BtfKind, type BtfMember, type BtfOf, type BtfType } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { MEM_PERCPU, MEM_RCU, MEM_USER, PTR_UNTRUSTED } from "../state/reg-type.ts";

type Struct = BtfOf<typeof BtfKind.STRUCT>;
const isStruct = (t: BtfType | undefined): t is Struct => t?.kind === BtfKind.STRUCT || t?.kind === BtfKind.UNION;

/** What was found: a scalar; a pointer to a struct with the flags of its type tags; another pointer; a struct that begins there; or nothing (`line` says why). */
export type Walk =
  | { kind: "scalar"; flags: number }
  | { kind: "ptr"; id: number; flags: number; field: string }
  | { kind: "ptr_untrusted"; flags: number }
  | { kind: "struct"; id: number; flags: number }
  | { kind: "error"; errno: string; line: string };

const TAGS: Readonly<Record<string, number>> = { user: MEM_USER, percpu: MEM_PERCPU, rcu: MEM_RCU };

/** Target of a pointer with modifiers skipped, and the one tag among `tags` on the way; undefined when there are several. */
export function walkTypeTags(btf: Btf, ptr: BtfOf<typeof BtfKind.PTR>, tags = TAGS): { id: number; type: BtfType; flags: number } | undefined {
  let { type: id } = ptr;
  let flags = 0;
  for (let i = 0; i < 64; i++) {
    const t = btf.type(id);
    if (!t) return undefined;
    if (t.kind === BtfKind.TYPE_TAG) flags |= t.kindFlag ? 0 : (tags[t.name] ?? 0);
    else if (t.kind !== BtfKind.TYPEDEF && t.kind !== BtfKind.CONST && t.kind !== BtfKind.VOLATILE && t.kind !== BtfKind.RESTRICT)
      return (flags & (flags - 1)) === 0 ? { id, type: t, flags } : undefined;
    id = t.type;
  }
  return undefined;
}

interface Resolved { type: BtfType; size: number; elem: BtfType; elemId: number; nelems: number; id: number }
/** A member's type with modifiers skipped; of an array, however many dimensions, its element and the number of them. */
function resolveSize(btf: Btf, id0: number): Resolved | undefined {
  const type = btf.resolve(id0);
  if (!type) return undefined;
  let elem: BtfType = type, nelems = 1;
  for (let i = 0; elem.kind === BtfKind.ARRAY; i++) {
    if (i > 32) return undefined;
    nelems *= elem.nelems;
    const next = btf.resolve(elem.elemType);
    if (!next) return undefined;
    elem = next;
  }
  const one = btf.sizeOf(elem.id);
  if (one === undefined) return undefined;
  return { type, size: one * nelems, elem, elemId: elem.id, nelems, id: type.id };
}

/** Looks up [off, off+size) in a struct. `flags` are those gathered on the way so far. */
export function structWalk(btf: Btf, start: number, off0: number, size: number, flags0: number, flexArrays: boolean): Walk {
  let off = off0, flags = flags0;
  let t = btf.resolve(start);
  for (let depth = 0; depth < 64; depth++) {
    if (!isStruct(t)) return { kind: "error", errno: "EINVAL", line: `Type '${t?.name ?? ""}' is not a struct` };
    if (t.kind === (BtfKind.UNION as number) && t.members.length !== 1) flags |= PTR_UNTRUSTED;
    if (off + size > t.size) {
      const flex = flexArrays ? intoFlexArray(btf, t, off) : undefined;
      if (!flex) return { kind: "error", errno: "EACCES", line: `access beyond struct ${nameOf(t)} at off ${off >>> 0} size ${size}` };
      if (flex === "scalar") return { kind: "scalar", flags };
      t = flex.type;
      off = flex.off;
      continue;
    }
    const found = inMembers(btf, t, off, size, flags);
    if (!("into" in found)) return found;
    t = found.into;
    off = found.off;
  }
  return { kind: "error", errno: "EINVAL", line: "BTF nests too deeply" };
}

function intoFlexArray(btf: Btf, t: Struct, off: number): "scalar" | { type: Struct; off: number } | undefined {
  const last = t.members.at(-1);
  const array = last && btf.resolve(last.type);
  if (!last || array?.kind !== BtfKind.ARRAY || array.nelems !== 0 || off < last.bitOffset / 8) return undefined;
  const elem = btf.resolve(array.elemType);
  if (elem?.kind === BtfKind.INT) return "scalar";
  if (!isStruct(elem) || elem.size === 0) return undefined;
  return { type: elem, off: (off - Math.floor(last.bitOffset / 8)) % elem.size };
}

function inMembers(btf: Btf, t: Struct, off: number, size: number, flags: number): Walk | { into: Struct; off: number } {
  for (const m of t.members) {
    let moff = Math.floor(m.bitOffset / 8);
    if (off + size <= moff) break;
    if (m.bitfieldSize) {
      if (off <= moff && Math.ceil((m.bitOffset + m.bitfieldSize) / 8) <= off + size) return { kind: "scalar", flags };
      continue;
    }
    if (off < moff) break;
    const r = resolveSize(btf, m.type);
    if (!r) return { kind: "error", errno: "EFAULT", line: `field ${m.name} doesn't have size` };
    const end = moff + r.size;
    if (off >= end) continue;
    let { type: mtype, id: mid, size: msize } = r;
    if (mtype.kind === BtfKind.ARRAY) {
      if (moff === end) continue;
      msize = r.size / r.nelems;
      moff += Math.floor((off - moff) / msize) * msize;
      mtype = r.elem;
      mid = r.elemId;
    }
    if (isStruct(mtype)) return off === moff ? { kind: "struct", id: mid, flags } : { into: mtype, off: off - moff };
    if (mtype.kind === BtfKind.PTR) return atPointer(btf, t, m, mtype as BtfOf<typeof BtfKind.PTR>, moff, msize, off, size, flags);
    if (off + size > end && !(flags & PTR_UNTRUSTED))
      return { kind: "error", errno: "EACCES", line: `access beyond the end of member ${m.name} (mend:${end}) in struct ${nameOf(t)} with off ${off} size ${size}` };
    return { kind: "scalar", flags };
  }
  return { kind: "error", errno: "EINVAL", line: `struct ${nameOf(t)} doesn't have field at offset ${off}` };
}

/** The kernel's name for what has none (btf_name_by_offset). */
const nameOf = (t: Struct): string => t.name || "(anon)";

function atPointer(btf: Btf, t: Struct, m: BtfMember, ptr: BtfOf<typeof BtfKind.PTR>, moff: number, msize: number, off: number, size: number, flags: number): Walk {
  if (msize !== size || off !== moff)
    return { kind: "error", errno: "EACCES", line: `cannot access ptr member ${m.name} with moff ${moff} in struct ${nameOf(t)} with off ${off} size ${size}` };
  const to = walkTypeTags(btf, ptr);
  if (!to) return { kind: "error", errno: "EINVAL", line: "type 'PTR' has multiple type tags" };
  if (!isStruct(to.type)) return { kind: "ptr_untrusted", flags };
  return { kind: "ptr", id: to.id, flags: flags | to.flags, field: m.name };
}

/** The same type: same id in the same BTF, or in the part two split BTFs share. */
export function typesAreSame(a: Btf, idA: number, b: Btf, idB: number): boolean {
  if (idA !== idB) return false;
  return a === b || a.type(idA) === b.type(idB) || (owner(a, idA) === owner(b, idB));
}
const owner = (btf: Btf, id: number): Btf => (btf.base && id < btf.startId ? owner(btf.base, id) : btf);

/** Is what lies at `off` in struct `id` the needed type, or does it begin with it? `strict`: only the very type counts. */
export function structIdsMatch(env: Env, btf: Btf, id0: number, off0: number, needBtf: Btf, needId: number, strict: boolean, flexArrays = true): boolean {
  let id = id0, off = off0;
  if (off === 0 && typesAreSame(btf, id, needBtf, needId)) return true;
  if (strict) return false;
  for (let depth = 0; depth < 64; depth++) {
    const w = structWalk(btf, id, off, 1, 0, flexArrays);
    if (w.kind === "error") env.verbose(`${w.line}\n`);
    if (w.kind !== "struct") return false;
    id = w.id;
    off = 0;
    if (typesAreSame(btf, id, needBtf, needId)) return true;
  }
  return false;
}

const NOCAST_SUFFIX = "___init";
/** One name is the other with ___init: the same layout in two states of its life, which must not be mixed up. */
export function isNocastAlias(_env: Env, a: Btf, idA: number, b: Btf, idB: number): boolean {
  const nameA = a.type(idA)?.name ?? "", nameB = b.type(idB)?.name ?? "";
  return nameA === nameB + NOCAST_SUFFIX || nameB === nameA + NOCAST_SUFFIX;
}
/** A program's view of a kernel struct: __sk_buff of sk_buff, xdp_md of xdp_buff. */
export const isProjectionOf = (name: string, of: string): boolean => (name === "__sk_buff" && of === "sk_buff") || (name === "xdp_md" && of === "xdp_buff");
