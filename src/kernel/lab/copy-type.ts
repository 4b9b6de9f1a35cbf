import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf } from "../../btf/types.ts";
import type { LayerBtf } from "../layer-btf.ts";

const MAX_DEPTH = 24;

/**
 * Copies a function with its prototype from another kernel's BTF. Named types become the target's own of that name; a
 * struct that the target lacks stays a forward declaration, as in a tree into which only the function was brought. Their
 * names are added to `incomplete`.
 */
export function copyFunc(from: Btf, func: BtfId, to: LayerBtf, name: string, incomplete: string[] = []): BtfId {
  const type = from.type(func);
  const proto = type?.kind === BtfKind.FUNC ? copyType(from, type.type, to, incomplete, 0) : (0 as BtfId);
  return to.add({ kind: BtfKind.FUNC, name, type: proto, linkage: 1 });
}

function copyType(from: Btf, id: BtfId, to: LayerBtf, incomplete: string[], depth: number): BtfId {
  const type = from.type(id);
  if (!type || type.kind === BtfKind.VOID || depth > MAX_DEPTH) return 0 as BtfId;
  const copy = (inner: BtfId): BtfId => copyType(from, inner, to, incomplete, depth + 1);
  switch (type.kind) {
    case BtfKind.PTR: case BtfKind.CONST: case BtfKind.VOLATILE: case BtfKind.RESTRICT:
      return to.add({ kind: type.kind, name: "", type: copy(type.type) });
    case BtfKind.TYPE_TAG:
      return copy(type.type);
    case BtfKind.TYPEDEF: {
      const own = to.find(BtfKind.TYPEDEF, type.name);
      return own ?? to.add({ kind: BtfKind.TYPEDEF, name: type.name, type: copy(type.type) });
    }
    case BtfKind.FUNC_PROTO:
      return to.add({ kind: BtfKind.FUNC_PROTO, name: "", ret: copy(type.ret), params: type.params.map((p) => ({ name: p.name, type: copy(p.type) })), variadic: type.variadic });
    case BtfKind.STRUCT: case BtfKind.UNION: case BtfKind.FWD: {
      const union = type.kind === BtfKind.FWD ? type.union : type.kind === BtfKind.UNION;
      const own = to.find(union ? BtfKind.UNION : BtfKind.STRUCT, type.name) ?? to.find(BtfKind.FWD, type.name);
      if (own !== undefined && type.name !== "") return own;
      if (type.name !== "" && !incomplete.includes(type.name)) incomplete.push(type.name);
      return to.add({ kind: BtfKind.FWD, name: type.name, union });
    }
    case BtfKind.ARRAY:
      return to.add({ kind: BtfKind.ARRAY, name: "", elemType: copy(type.elemType), indexType: copy(type.indexType), nelems: type.nelems });
    case BtfKind.INT: case BtfKind.FLOAT:
      return to.find(type.kind, type.name) ?? to.add(type);
    case BtfKind.ENUM: case BtfKind.ENUM64:
      return (type.name === "" ? undefined : to.find(type.kind, type.name)) ?? to.add(type);
    default:
      return 0 as BtfId;
  }
}
