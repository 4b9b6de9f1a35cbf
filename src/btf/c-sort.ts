import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf, type BtfType } from "./types.ts";

/** Types that define nothing of their own. */
const NO_RANK = 10;

/**
 * The order in which bpftool goes through the types, so that headers of two builds differ little: enums, integers, structs
 * and unions, function types, each with the typedefs of it, by name (bpftool sort_btf_c). Types that define nothing are
 * left out; of two with equal names the lower id comes first, where bpftool goes by a hash.
 */
export function sortForHeader(btf: Btf): BtfId[] {
  const entries: { id: BtfId; rank: number; sortName: string; name: string }[] = [];
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (!type) continue;
    const rank = rankOf(btf, type, false, 0);
    if (rank < NO_RANK) entries.push({ id, rank, sortName: sortNameOf(btf, type, false, 0), name: type.name });
  }
  entries.sort((a, b) => a.rank - b.rank || compare(a.sortName, b.sortName) || compare(a.name, b.name) || a.id - b.id);
  return entries.map((entry) => entry.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function rankOf(btf: Btf, type: BtfType, named: boolean, depth: number): number {
  const hasName = named || type.name !== "";
  switch (type.kind) {
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return hasName ? 1 : 0;
    case BtfKind.INT:
    case BtfKind.FLOAT:
      return 2;
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return hasName ? 3 : NO_RANK;
    case BtfKind.FUNC_PROTO:
      return hasName ? 4 : NO_RANK;
    case BtfKind.FWD:
      return 3;
    default: {
      const inner = hasName && depth < 100 ? innerOf(btf, type) : undefined;
      return inner ? rankOf(btf, inner, true, depth + 1) : type.kind === BtfKind.TYPEDEF ? NO_RANK - 1 : NO_RANK;
    }
  }
}

function sortNameOf(btf: Btf, type: BtfType, fromRef: boolean, depth: number): string {
  if (type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64) {
    return !fromRef && type.name === "" ? (type.values[0]?.name ?? "") : type.name;
  }
  const inner = depth < 100 ? innerOf(btf, type) : undefined;
  return inner ? sortNameOf(btf, inner, true, depth + 1) : type.name;
}

/** The type a modifier, pointer, typedef, tag or array is of. */
function innerOf(btf: Btf, type: BtfType): BtfType | undefined {
  switch (type.kind) {
    case BtfKind.ARRAY:
      return btf.type(type.elemType);
    case BtfKind.TYPE_TAG:
    case BtfKind.CONST:
    case BtfKind.PTR:
    case BtfKind.VOLATILE:
    case BtfKind.RESTRICT:
    case BtfKind.TYPEDEF:
    case BtfKind.DECL_TAG:
      return type.kind === BtfKind.DECL_TAG ? undefined : btf.type(type.type);
    default:
      return undefined;
  }
}
