import type { BtfId } from "../base/brand.ts";
import { KERNEL_KIND_NAMES } from "./constants.ts";
import { BtfKind, type Btf, type BtfOf, type BtfType } from "./types.ts";
import { resolveType } from "./walk.ts";

/** Why a kernel would not take BTF from user space. */
export interface BtfRefusal {
  /** the line of the kernel's log: "[3] STRUCT task … Invalid name" */
  message: string;
  errno: "EINVAL" | "ELOOP" | "ENOTSUPP" | "E2BIG";
  id: BtfId;
}

/** Longest identifier (KSYM_NAME_LEN; 128 before 6.1, which no compiler's output comes near). */
const MAX_NAME = 512;
/** MAX_RESOLVE_DEPTH of the kernel */
const MAX_DEPTH = 32;

function isIdentifier(name: string): boolean {
  return name.length < MAX_NAME && /^[A-Za-z_.][A-Za-z0-9_.]*$/.test(name);
}

/**
 * Checks BTF as the kernel does when it is loaded (kernel/bpf/btf.c btf_check_all_metas, btf_check_all_types, release 7.2):
 * names, sizes, offsets, members that fit, loops. Undefined: it is taken. BTF here has passed parseBtf's checks already.
 */
export function validateForKernel(btf: Btf): BtfRefusal | undefined {
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id);
    const bad = type && checkMeta(type);
    if (type && bad) return refusal(btf, type, bad);
  }
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id);
    const bad = type && checkType(btf, type);
    if (type && bad) return refusal(btf, type, bad);
  }
  return undefined;
}

function refusal(btf: Btf, type: BtfType, what: string): BtfRefusal {
  const errno = what === "Loop detected" ? "ELOOP" : what === "Unsupported encoding" ? "ENOTSUPP" : what.startsWith("Exceeds max resolving depth") ? "E2BIG" : "EINVAL";
  return { message: `[${type.id}] ${describe(btf, type)} ${what}`, errno, id: type.id };
}

/** A type as the kernel's log shows it (each kind's log_details). */
function describe(btf: Btf, type: BtfType): string {
  const head = `${KERNEL_KIND_NAMES[type.kind]} ${type.name === "" ? "(anon)" : type.name}`;
  switch (type.kind) {
    case BtfKind.INT:
      return `${head} size=${type.size} bits_offset=${type.bitOffset} nr_bits=${type.bits} encoding=${type.signed ? "SIGNED" : type.char ? "CHAR" : type.bool ? "BOOL" : "(none)"}`;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return `${head} size=${type.size} vlen=${type.members.length}`;
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return `${head} size=${type.size} vlen=${type.values.length}`;
    case BtfKind.ARRAY:
      return `${head} type_id=${type.elemType} index_type_id=${type.indexType} nr_elems=${type.nelems}`;
    case BtfKind.DATASEC:
      return `${head} size=${type.size} vlen=${type.secinfos.length}`;
    case BtfKind.VAR:
      return `${head} type_id=${type.type} linkage=${type.linkage}`;
    case BtfKind.FUNC_PROTO: {
      const params = type.params.map((param) => (param.type === 0 ? "vararg" : `${param.type} ${btf.type(param.type)?.name === undefined ? "" : param.name || "(anon)"}`));
      return `${head} return=${type.ret} args=(${params.length === 0 ? "void" : params.join(", ")})`;
    }
    case BtfKind.DECL_TAG:
      return `${head} type=${type.type} component_idx=${type.componentIdx}`;
    default:
      return "type" in type ? `${head} type_id=${type.type}` : head;
  }
}

/** What can be seen of a type alone (the kinds' check_meta). */
function checkMeta(type: BtfType): string | undefined {
  switch (type.kind) {
    case BtfKind.INT:
      if (type.bits + type.bitOffset > 128) return "nr_bits exceeds 128";
      if (Math.ceil((type.bits + type.bitOffset) / 8) > type.size) return "nr_bits exceeds type_size";
      return Number(type.signed) + Number(type.char) + Number(type.bool) > 1 ? "Unsupported encoding" : undefined;
    case BtfKind.TYPEDEF:
    case BtfKind.FWD:
      return isIdentifier(type.name) ? undefined : "Invalid name";
    case BtfKind.PTR:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.RESTRICT:
      return type.name === "" ? undefined : "Invalid name";
    case BtfKind.TYPE_TAG:
      return type.name === "" ? "Invalid name" : undefined;
    case BtfKind.ARRAY:
      if (type.elemType === 0) return "Invalid elem";
      return type.indexType === 0 ? "Invalid index" : undefined;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return checkMembers(type);
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      if (![1, 2, 4, 8].includes(type.size)) return "Unexpected size";
      if (type.name !== "" && !isIdentifier(type.name)) return "Invalid name";
      return type.values.every((value) => isIdentifier(value.name)) ? undefined : "Invalid name";
    case BtfKind.FUNC:
      if (!isIdentifier(type.name)) return "Invalid name";
      return type.linkage > 1 ? "Invalid func linkage" : undefined;
    case BtfKind.VAR:
      if (!isIdentifier(type.name)) return "Invalid name";
      if (type.type === 0) return "Invalid type_id";
      return type.linkage > 1 ? "Linkage not supported" : undefined;
    case BtfKind.DATASEC:
      return checkDatasec(type);
    case BtfKind.FLOAT:
      return [2, 4, 8, 12, 16].includes(type.size) ? undefined : "Invalid type_size";
    case BtfKind.DECL_TAG:
      if (type.name === "") return "Invalid value";
      return type.componentIdx < -1 ? "Invalid component_idx" : undefined;
    default:
      return undefined;
  }
}

function checkMembers(type: BtfOf<typeof BtfKind.STRUCT>): string | undefined {
  if (type.name !== "" && !isIdentifier(type.name)) return "Invalid name";
  let last = 0;
  for (const member of type.members) {
    if (member.name !== "" && !isIdentifier(member.name)) return `${member.name}: Invalid name`;
    if (member.type === 0) return `${member.name}: Invalid type_id`;
    if ((type.kind === BtfKind.UNION && member.bitOffset !== 0) || member.bitOffset < last) return `${member.name}: Invalid member bits_offset`;
    if (Math.ceil(member.bitOffset / 8) > type.size) return `${member.name}: Member bits_offset exceeds its struct size`;
    last = member.bitOffset;
  }
  return undefined;
}

function checkDatasec(type: BtfOf<typeof BtfKind.DATASEC>): string | undefined {
  if (type.size === 0) return "size == 0";
  if (!/^[\x20-\x7e]+$/.test(type.name) || type.name.length >= MAX_NAME) return "Invalid name";
  let end = 0;
  for (const info of type.secinfos) {
    if (info.type === 0) return "Invalid type_id";
    if (info.offset < end || info.offset >= type.size) return "Invalid offset";
    if (info.size === 0 || info.size > type.size) return "Invalid size";
    end = info.offset + info.size;
    if (end > type.size) return "Invalid offset+size";
  }
  return undefined;
}

/** What a type says of others (the kinds' resolve and check_member). */
function checkType(btf: Btf, type: BtfType): string | undefined {
  switch (type.kind) {
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.RESTRICT:
    case BtfKind.TYPE_TAG:
      return resolveType(btf, type.id) ? undefined : "Loop detected";
    case BtfKind.ARRAY:
      return checkArray(btf, type);
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      for (const member of type.members) {
        const size = btf.sizeOf(member.type);
        if (size === undefined) return containsItself(btf, type.id) ? "Loop detected" : `${member.name}: Invalid member`;
        const bits = member.bitfieldSize || size * 8;
        if (member.bitOffset + bits > type.size * 8) return `${member.name}: Member exceeds struct_size`;
      }
      return undefined;
    case BtfKind.FUNC: {
      const proto = btf.type(type.type);
      if (proto?.kind !== BtfKind.FUNC_PROTO) return "Invalid type_id";
      const unnamed = proto.params.findIndex((param) => param.name === "" && param.type !== 0);
      return unnamed < 0 ? undefined : `Invalid arg#${unnamed + 1}`;
    }
    case BtfKind.FUNC_PROTO:
      return checkProto(btf, type);
    case BtfKind.VAR: {
      const target = btf.type(type.type);
      return !target || isSourceOnly(target) || btf.sizeOf(type.type) === undefined ? "Invalid type_id" : undefined;
    }
    case BtfKind.DATASEC:
      for (const info of type.secinfos) {
        const variable = btf.type(info.type);
        if (variable?.kind !== BtfKind.VAR) return "Not a VAR kind member";
        if (info.size < (btf.sizeOf(variable.type) ?? 0)) return "Invalid size";
      }
      return undefined;
    case BtfKind.DECL_TAG:
      return checkDeclTag(btf, type);
    default:
      return undefined;
  }
}

/** Kinds that nothing but a DATASEC or DECL_TAG may refer to. */
function isSourceOnly(type: BtfType): boolean {
  return type.kind === BtfKind.VAR || type.kind === BtfKind.DECL_TAG || type.kind === BtfKind.DATASEC;
}

function checkArray(btf: Btf, type: BtfOf<typeof BtfKind.ARRAY>): string | undefined {
  const index = resolveType(btf, type.indexType);
  if (index?.kind !== BtfKind.INT) return "Invalid index";
  const elem = btf.type(type.elemType);
  if (!elem || isSourceOnly(elem)) return "Invalid elem";
  const size = btf.sizeOf(type.elemType);
  if (size === undefined) return containsItself(btf, type.id) ? "Loop detected" : "Invalid elem";
  return type.nelems > 0 && size > 0xffff_ffff / type.nelems ? "Array size overflows U32_MAX" : undefined;
}

function checkProto(btf: Btf, type: BtfOf<typeof BtfKind.FUNC_PROTO>): string | undefined {
  const hasSize = (id: BtfId): boolean => {
    const target = btf.type(id);
    return target !== undefined && !isSourceOnly(target) && (btf.sizeOf(id) !== undefined || resolveType(btf, id)?.kind === BtfKind.VOID);
  };
  if (type.ret !== 0 && !hasSize(type.ret)) return "Invalid return type";
  const fixed = type.variadic ? type.params.slice(0, -1) : type.params;
  if (type.variadic && type.params.at(-1)?.name) return `Invalid arg#${type.params.length}`;
  const bad = fixed.findIndex((param) => !hasSize(param.type) || (param.name !== "" && !isIdentifier(param.name)));
  return bad < 0 ? undefined : `Invalid arg#${bad + 1}`;
}

function checkDeclTag(btf: Btf, type: BtfOf<typeof BtfKind.DECL_TAG>): string | undefined {
  const target = btf.type(type.type);
  switch (target?.kind) {
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return type.componentIdx >= target.members.length ? "Invalid component_idx" : undefined;
    case BtfKind.FUNC: {
      const proto = btf.type(target.type);
      return proto?.kind === BtfKind.FUNC_PROTO && type.componentIdx >= proto.params.length ? "Invalid component_idx" : undefined;
    }
    case BtfKind.VAR:
    case BtfKind.TYPEDEF:
      return type.componentIdx === -1 ? undefined : "Invalid component_idx";
    default:
      return "Invalid type_id";
  }
}

/** The type is part of itself without a pointer between. */
function containsItself(btf: Btf, id: BtfId): boolean {
  const seen = new Set<BtfId>();
  const visit = (at: BtfId, depth: number): boolean => {
    if (depth > MAX_DEPTH) return true;
    if (depth > 0 && at === id) return true;
    if (seen.has(at)) return false;
    seen.add(at);
    const type = btf.type(at);
    if (!type || type.kind === BtfKind.PTR || type.kind === BtfKind.FUNC_PROTO) return false;
    if (type.kind === BtfKind.ARRAY) return visit(type.elemType, depth + 1);
    if (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) return type.members.some((member) => visit(member.type, depth + 1));
    return "type" in type && visit(type.type, depth + 1);
  };
  return visit(id, 0);
}
