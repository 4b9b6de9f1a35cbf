import type { BtfId } from "../base/brand.ts";
import { err, ok, type Result } from "../base/result.ts";
import { fieldsAreCompatible, isAnyEnum, isComposite, typesAreCompatible, typesMatch } from "./core-compat.ts";
import { essentialName } from "./core-names.ts";
import { KIND_NAMES } from "./constants.ts";
import { BtfKind, type Btf } from "./types.ts";

/** enum bpf_core_relo_kind */
export const CoreKind = {
  FIELD_BYTE_OFFSET: 0, FIELD_BYTE_SIZE: 1, FIELD_EXISTS: 2, FIELD_SIGNED: 3, FIELD_LSHIFT_U64: 4, FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6, TYPE_ID_TARGET: 7, TYPE_EXISTS: 8, TYPE_SIZE: 9, ENUMVAL_EXISTS: 10, ENUMVAL_VALUE: 11, TYPE_MATCHES: 12,
} as const;

const KIND_TEXT = [
  "byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id", "target_type_id", "type_exists",
  "type_size", "enumval_exists", "enumval_value", "type_matches",
];
/** "byte_off", "type_exists" …, as libbpf's messages call the kinds */
export function coreKindText(kind: number): string {
  return KIND_TEXT[kind] ?? "unknown";
}
export function isFieldKind(kind: number): boolean {
  return kind >= CoreKind.FIELD_BYTE_OFFSET && kind <= CoreKind.FIELD_RSHIFT_U64;
}
export function isTypeKind(kind: number): boolean {
  return (kind >= CoreKind.TYPE_ID_LOCAL && kind <= CoreKind.TYPE_SIZE) || kind === CoreKind.TYPE_MATCHES;
}
export function isEnumvalKind(kind: number): boolean {
  return kind === CoreKind.ENUMVAL_EXISTS || kind === CoreKind.ENUMVAL_VALUE;
}

/** A named field, or an array index (name null). */
export interface Accessor { typeId: BtfId; idx: number; name: string | null }

/** An access to a type, spelled out: `spec` has the named turning points, `raw` every level (libbpf struct bpf_core_spec). */
export interface CoreSpec {
  btf: Btf;
  rootTypeId: BtfId;
  kind: number;
  spec: Accessor[];
  raw: number[];
  bitOffset: number;
}

/** Negative errno values that libbpf's messages show. */
export const EINVAL = -22;
export const E2BIG = -7;
/** libbpf BPF_CORE_SPEC_MAX_LEN */
const MAX_SPEC = 64;

/** An array at the end of a struct with no fixed number of elements takes any index. */
function isFlexibleArray(btf: Btf, before: Accessor | undefined, nelems: number): boolean {
  if (!before?.name || nelems > 0) return false;
  const parent = btf.type(before.typeId);
  return parent !== undefined && isComposite(parent) && before.idx === parent.members.length - 1;
}

/** Reads an access string such as "0:1:2" against the local type (libbpf bpf_core_parse_spec); the error is an errno. */
export function parseSpec(btf: Btf, rootTypeId: BtfId, kind: number, access: string, warn: (line: string) => void): Result<CoreSpec, number> {
  const out: CoreSpec = { btf, rootTypeId, kind, spec: [], raw: [], bitOffset: 0 };
  if (access === "" || access.startsWith(":")) return err(EINVAL);
  if (isTypeKind(kind)) return access === "0" ? ok(out) : err(EINVAL);
  for (const part of access.split(":")) {
    if (!/^\d+$/.test(part) || Number(part) > 0x7fff_ffff) return err(EINVAL);
    if (out.raw.length === MAX_SPEC) return err(E2BIG);
    out.raw.push(Number(part));
  }
  const root = btf.resolve(rootTypeId);
  if (!root) return err(EINVAL);
  const first = out.raw[0] as number;
  out.spec.push({ typeId: root.id, idx: first, name: null });
  if (isEnumvalKind(kind)) {
    const value = isAnyEnum(root) ? root.values[first] : undefined;
    if (!value || out.raw.length > 1) return err(EINVAL);
    (out.spec[0] as Accessor).name = value.name;
    return ok(out);
  }
  if (!isFieldKind(kind)) return err(EINVAL);
  const rootSize = btf.sizeOf(root.id);
  if (rootSize === undefined) return err(EINVAL);
  out.bitOffset = first * rootSize * 8;

  let id: BtfId = root.id;
  for (let i = 1; i < out.raw.length; i++) {
    const type = btf.resolve(id);
    if (!type) return err(EINVAL);
    const idx = out.raw[i] as number;
    if (isComposite(type)) {
      const member = type.members[idx];
      if (!member) return err(EINVAL);
      out.bitOffset += member.bitOffset;
      if (member.name !== "") out.spec.push({ typeId: type.id, idx, name: member.name });
      id = member.type;
    } else if (type.kind === BtfKind.ARRAY) {
      const elem = btf.resolve(type.elemType);
      if (!elem) return err(EINVAL);
      if (!isFlexibleArray(btf, out.spec[out.spec.length - 1], type.nelems) && idx >= type.nelems) return err(EINVAL);
      const size = btf.sizeOf(elem.id);
      if (size === undefined) return err(EINVAL);
      id = elem.id;
      out.spec.push({ typeId: id, idx, name: null });
      out.bitOffset += idx * size * 8;
    } else {
      warn(`relo for [${rootTypeId}] ${access} (at idx ${i}) captures type [${id}] of unexpected kind ${KIND_NAMES[type.kind]}`);
      return err(EINVAL);
    }
  }
  return ok(out);
}

/** The same access on a target type: a spec, null when it does not match, or an errno (libbpf bpf_core_spec_match). */
export function matchSpec(local: CoreSpec, target: Btf, targetId: BtfId): Result<CoreSpec | null, { errno: number; spec: CoreSpec }> {
  const out: CoreSpec = { btf: target, rootTypeId: targetId, kind: local.kind, spec: [], raw: [], bitOffset: 0 };
  const fail = (errno: number): ReturnType<typeof matchSpec> => err({ errno, spec: out });
  if (isTypeKind(local.kind)) {
    const compare = local.kind === CoreKind.TYPE_MATCHES ? typesMatch : typesAreCompatible;
    const outcome = compare(local.btf, local.rootTypeId, target, targetId);
    return outcome === "error" ? fail(EINVAL) : ok(outcome === "yes" ? out : null);
  }
  if (isEnumvalKind(local.kind)) {
    const type = target.resolve(targetId);
    if (!type || !isAnyEnum(type)) return ok(null);
    const wanted = essentialName(local.spec[0]?.name ?? "");
    const idx = type.values.findIndex((value) => essentialName(value.name) === wanted);
    if (idx < 0) return ok(null);
    out.spec.push({ typeId: type.id, idx, name: (type.values[idx] as { name: string }).name });
    out.raw.push(idx);
    return ok(out);
  }
  if (!isFieldKind(local.kind)) return fail(EINVAL);

  let id: BtfId = targetId;
  for (const [i, accessor] of local.spec.entries()) {
    const type = target.resolve(id);
    if (!type) return fail(EINVAL);
    id = type.id;
    if (accessor.name !== null) {
      const next = matchMember(local.btf, accessor, target, id, out, { steps: 1_000_000 }, 0);
      if (typeof next === "object") {
        if (next === null) return ok(null);
        return fail(next.errno);
      }
      id = next;
      continue;
    }
    if (i > 0) {
      if (type.kind !== BtfKind.ARRAY) return ok(null);
      if (!isFlexibleArray(target, out.spec[i - 1], type.nelems) && accessor.idx >= type.nelems) return ok(null);
      const elem = target.resolve(type.elemType);
      if (!elem) return fail(EINVAL);
      id = elem.id;
    }
    if (out.raw.length === MAX_SPEC) return fail(E2BIG);
    out.spec.push({ typeId: id, idx: accessor.idx, name: null });
    out.raw.push(accessor.idx);
    const size = target.sizeOf(id);
    if (size === undefined) return fail(EINVAL);
    out.bitOffset += accessor.idx * size * 8;
  }
  return ok(out);
}

/** Type id of the target's field of that name, searched through anonymous members too; null when there is none (bpf_core_match_member). */
function matchMember(
  local: Btf, accessor: Accessor, target: Btf, targetId: BtfId, out: CoreSpec, budget: { steps: number }, depth: number,
): BtfId | null | { errno: number } {
  const type = target.resolve(targetId);
  if (!type) return { errno: EINVAL };
  if (!isComposite(type)) return null;
  const localType = local.type(accessor.typeId);
  const localMember = localType && isComposite(localType) ? localType.members[accessor.idx] : undefined;
  if (!localMember) return { errno: EINVAL };
  for (const [idx, member] of type.members.entries()) {
    if (out.raw.length === MAX_SPEC || depth > MAX_SPEC || budget.steps-- <= 0) return { errno: E2BIG };
    out.bitOffset += member.bitOffset;
    out.raw.push(idx);
    if (member.name === "") {
      const found = matchMember(local, accessor, target, member.type, out, budget, depth + 1);
      if (found !== null) return found;
    } else if (member.name === localMember.name) {
      const compat = fieldsAreCompatible(local, localMember.type, target, member.type);
      if (compat === "error") return { errno: EINVAL };
      if (compat === "no") return null;
      out.spec.push({ typeId: type.id, idx, name: member.name });
      return member.type;
    }
    out.bitOffset -= member.bitOffset;
    out.raw.pop();
  }
  return null;
}

/** `<byte_off> [12] struct task_struct.pid (0:66 @ offset 1256)` (libbpf bpf_core_format_spec). */
export function formatSpec(spec: CoreSpec): string {
  const root = spec.btf.type(spec.rootTypeId);
  const name = root?.name ? root.name : "<anon>";
  const head = `<${coreKindText(spec.kind)}> [${spec.rootTypeId}] ${KIND_NAMES[root?.kind ?? 0]} ${name}`;
  if (isTypeKind(spec.kind)) return head;
  if (isEnumvalKind(spec.kind)) {
    const type = spec.btf.resolve(spec.rootTypeId);
    const value = type && isAnyEnum(type) ? type.values[spec.raw[0] ?? -1] : undefined;
    return value ? `${head}::${value.name} = ${value.value}` : head;
  }
  let path = "";
  for (const [i, accessor] of spec.spec.entries()) {
    if (accessor.name) path += `.${accessor.name}`;
    else if (i > 0 || accessor.idx > 0) path += `[${accessor.idx}]`;
  }
  const offset = spec.bitOffset % 8 ? `${Math.floor(spec.bitOffset / 8)}.${spec.bitOffset % 8}` : `${spec.bitOffset / 8}`;
  return `${head}${path} (${spec.raw.join(":")} @ offset ${offset})`;
}
