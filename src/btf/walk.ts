import type { BtfId } from "../base/brand.ts";
import { MAX_RESOLVE_DEPTH } from "./constants.ts";
import { BtfKind, type Btf, type BtfType } from "./types.ts";

/** Kinds that only qualify another type. */
export function isModifier(kind: number): boolean {
  return kind === BtfKind.VOLATILE || kind === BtfKind.CONST || kind === BtfKind.RESTRICT || kind === BtfKind.TYPE_TAG;
}

/** Follows modifiers and typedefs (libbpf skip_mods_and_typedefs); undefined on a loop or bad id. */
export function resolveType(btf: Btf, id: BtfId): BtfType | undefined {
  let type = btf.type(id);
  for (let depth = 0; type && (type.kind === BtfKind.TYPEDEF || isModifier(type.kind)); depth++) {
    if (depth > 4 * MAX_RESOLVE_DEPTH || !("type" in type)) return undefined;
    type = btf.type(type.type);
  }
  return type;
}

/** Bytes a value of the type takes, as libbpf's btf__resolve_size counts; undefined for functions, void, forwards and loops. */
export function sizeOfType(btf: Btf, id: BtfId): number | undefined {
  let count = 1;
  let type = btf.type(id);
  for (let depth = 0; type && depth < MAX_RESOLVE_DEPTH; depth++) {
    let size: number;
    switch (type.kind) {
      case BtfKind.INT:
      case BtfKind.STRUCT:
      case BtfKind.UNION:
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.DATASEC:
      case BtfKind.FLOAT:
        size = type.size;
        break;
      case BtfKind.PTR:
        size = 8;
        break;
      case BtfKind.TYPEDEF:
      case BtfKind.VOLATILE:
      case BtfKind.CONST:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
      case BtfKind.VAR:
      case BtfKind.DECL_TAG:
        type = btf.type(type.type);
        continue;
      case BtfKind.ARRAY:
        if (type.nelems !== 0 && count > 0xffff_ffff / type.nelems) return undefined;
        count *= type.nelems;
        type = btf.type(type.elemType);
        continue;
      default:
        return undefined;
    }
    return size * count > 0xffff_ffff ? undefined : size * count;
  }
  return undefined;
}

/**
 * Alignment in bytes as btf__align_of counts it: 1 for what must be packed; undefined where there is none. `known` keeps
 * what was found (0: none) over several calls, and keeps structs that refer to one another many times from costing as often.
 */
export function alignOf(btf: Btf, id: BtfId, known = new Map<BtfId, number>(), depth = 0): number | undefined {
  const before = known.get(id);
  if (before !== undefined) return before || undefined;
  if (depth > MAX_RESOLVE_DEPTH) return undefined;
  // until it is known, a type that contains itself has none
  known.set(id, 0);
  const align = computeAlign(btf, id, known, depth);
  known.set(id, align ?? 0);
  return align;
}

function computeAlign(btf: Btf, id: BtfId, known: Map<BtfId, number>, depth: number): number | undefined {
  const type = btf.type(id);
  if (!type) return undefined;
  switch (type.kind) {
    case BtfKind.INT:
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
    case BtfKind.FLOAT:
      return Math.min(8, type.size);
    case BtfKind.PTR:
      return 8;
    case BtfKind.TYPEDEF:
    case BtfKind.VOLATILE:
    case BtfKind.CONST:
    case BtfKind.RESTRICT:
    case BtfKind.TYPE_TAG:
      return alignOf(btf, type.type, known, depth + 1);
    case BtfKind.ARRAY:
      return alignOf(btf, type.elemType, known, depth + 1);
    case BtfKind.STRUCT:
    case BtfKind.UNION: {
      let max = 1;
      for (const member of type.members) {
        const align = alignOf(btf, member.type, known, depth + 1);
        if (!align) return undefined;
        max = Math.max(max, align);
        if (member.bitfieldSize === 0 && member.bitOffset % (8 * align) !== 0) return 1;
      }
      return type.size % max === 0 ? max : 1;
    }
    default:
      return undefined;
  }
}
