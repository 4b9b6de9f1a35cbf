import type { BtfId } from "../base/brand.ts";
import { BtfKind } from "../btf/types.ts";
import type { Btf, BtfOf } from "../btf/types.ts";

const MAX_DEPTH = 32;

/** A declaration in C: `struct task_struct *p`, `int (*cb)(void *, u64)`. Types without a name and reference loops print as `…`. */
export function declaration(btf: Btf, id: BtfId, inner = "", depth = 0): string {
  const type = btf.type(id);
  if (!type || depth > MAX_DEPTH) return join("…", inner);
  switch (type.kind) {
    case BtfKind.VOID:
      return join("void", inner);
    case BtfKind.INT:
    case BtfKind.FLOAT:
    case BtfKind.TYPEDEF:
      return join(type.name || "…", inner);
    case BtfKind.STRUCT:
      return join(`struct ${type.name || "{…}"}`, inner);
    case BtfKind.UNION:
      return join(`union ${type.name || "{…}"}`, inner);
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return join(`enum ${type.name || "{…}"}`, inner);
    case BtfKind.FWD:
      return join(`${type.union ? "union" : "struct"} ${type.name}`, inner);
    case BtfKind.TYPE_TAG:
      return declaration(btf, type.type, inner, depth + 1);
    case BtfKind.PTR: {
      const target = throughTags(btf, type.type);
      const kind = btf.type(target)?.kind;
      const starred = kind === BtfKind.FUNC_PROTO || kind === BtfKind.ARRAY ? `(*${inner})` : `*${inner}`;
      return declaration(btf, target, starred, depth + 1);
    }
    case BtfKind.CONST:
    case BtfKind.VOLATILE:
    case BtfKind.RESTRICT: {
      const word = type.kind === BtfKind.CONST ? "const" : type.kind === BtfKind.VOLATILE ? "volatile" : "restrict";
      const target = btf.type(throughTags(btf, type.type));
      // After a pointer the word belongs to the pointer; before anything else it leads.
      if (target?.kind === BtfKind.PTR) return declaration(btf, target.id, join(word, inner), depth + 1);
      return `${word} ${declaration(btf, type.type, inner, depth + 1)}`;
    }
    case BtfKind.ARRAY:
      return declaration(btf, type.elemType, `${inner}[${type.nelems}]`, depth + 1);
    case BtfKind.FUNC_PROTO:
      return declaration(btf, type.ret, `${inner}(${parameters(btf, type, depth + 1).join(", ")})`, depth + 1);
    default:
      return join("…", inner);
  }
}

function throughTags(btf: Btf, id: BtfId): BtfId {
  let at = id;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = btf.type(at);
    if (type?.kind !== BtfKind.TYPE_TAG) break;
    at = type.type;
  }
  return at;
}

function join(type: string, inner: string): string {
  return inner === "" ? type : `${type} ${inner}`;
}

function parameters(btf: Btf, proto: BtfOf<typeof BtfKind.FUNC_PROTO>, depth: number): string[] {
  const list = proto.params.map((p) => declaration(btf, p.type, p.name, depth));
  if (proto.variadic) list.push("...");
  return list.length === 0 ? ["void"] : list;
}

/** The prototype of a FUNC: `struct rq *scx_bpf_cpu_rq(s32 cpu)`; undefined when the id is no function. */
export function functionSignature(btf: Btf, func: BtfId): string | undefined {
  const type = btf.type(func);
  if (type?.kind !== BtfKind.FUNC) return undefined;
  const proto = btf.type(type.type);
  if (proto?.kind !== BtfKind.FUNC_PROTO) return undefined;
  return declaration(btf, proto.ret, `${type.name}(${parameters(btf, proto, 1).join(", ")})`);
}

/** A prototype taken apart again; params as written, "void" alone is none. */
export interface SplitSignature { ret: string; params: readonly { type: string; name: string }[] }

/** Splits `RET NAME(PARAM, …)`; undefined when it does not have that form. */
export function splitSignature(signature: string, name: string): SplitSignature | undefined {
  const at = signature.search(new RegExp(`\\b${name.replace(/\W/g, "")}\\(`));
  if (at < 0 || !signature.endsWith(")")) return undefined;
  const inside = signature.slice(signature.indexOf("(", at) + 1, -1);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= inside.length; i++) {
    const c = inside[i];
    if (c === "(") depth++;
    else if (c === ")") depth--;
    else if ((c === "," && depth === 0) || c === undefined) {
      parts.push(inside.slice(start, i).trim());
      start = i + 1;
    }
  }
  const params = parts.filter((p) => p !== "void" && p !== "").map(splitParameter);
  return { ret: signature.slice(0, at).trim(), params };
}

function splitParameter(text: string): { type: string; name: string } {
  const pointerToFunction = /^(.*\(\*)(\w*)(\).*)$/.exec(text);
  if (pointerToFunction) return { type: `${pointerToFunction[1]}${pointerToFunction[3]}`, name: pointerToFunction[2]! };
  const named = /^(.*[\s*])(\w+)((?:\[\d*\])*)$/.exec(text);
  if (!named || text === "...") return { type: text, name: "" };
  return { type: `${named[1]!.trim()}${named[3]}`, name: named[2]! };
}
