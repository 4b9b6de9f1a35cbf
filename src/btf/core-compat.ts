import type { BtfId } from "../base/brand.ts";
import { essentialName } from "./core-names.ts";
import { BtfKind, type Btf, type BtfOf, type BtfType } from "./types.ts";

/** The outcome of a comparison: a match, none, or types too deep or broken to compare (libbpf returns -EINVAL). */
export type Compat = "yes" | "no" | "error";

const MAX_DEPTH = 32;

export function isAnyEnum(type: BtfType): type is BtfOf<typeof BtfKind.ENUM> {
  return type.kind === BtfKind.ENUM || type.kind === BtfKind.ENUM64;
}
export function isComposite(type: BtfType): type is BtfOf<typeof BtfKind.STRUCT> {
  return type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION;
}
/** Same kind, counting ENUM and ENUM64 as one (btf_kind_core_compat). */
export function kindsCompatible(a: BtfType, b: BtfType): boolean {
  return a.kind === b.kind || (isAnyEnum(a) && isAnyEnum(b));
}

/** Both types may stand for each other in a type-based relocation or as a kfunc's prototype (libbpf bpf_core_types_are_compat). */
export function typesAreCompatible(local: Btf, localId: BtfId, target: Btf, targetId: BtfId): Compat {
  return typesCompat(local, localId, target, targetId, MAX_DEPTH, { steps: 100_000 });
}

/** `budget` bounds the whole comparison: prototypes of prototypes could otherwise fan out without end. */
function typesCompat(local: Btf, localId: BtfId, target: Btf, targetId: BtfId, level: number, budget: { steps: number }): Compat {
  const first = local.type(localId);
  const second = target.type(targetId);
  if (!first || !second) return "error";
  if (!kindsCompatible(first, second)) return "no";
  for (let depth = MAX_DEPTH; ; depth--) {
    if (depth <= 0 || budget.steps-- <= 0) return "error";
    const l = local.resolve(localId);
    const t = target.resolve(targetId);
    if (!l || !t) return "error";
    if (!kindsCompatible(l, t)) return "no";
    switch (l.kind) {
      case BtfKind.VOID:
      case BtfKind.STRUCT:
      case BtfKind.UNION:
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
      case BtfKind.FWD:
        return "yes";
      case BtfKind.INT:
        return l.bitOffset === 0 && t.kind === BtfKind.INT && t.bitOffset === 0 ? "yes" : "no";
      case BtfKind.PTR:
        if (t.kind !== BtfKind.PTR) return "no";
        localId = l.type;
        targetId = t.type;
        break;
      case BtfKind.ARRAY:
        if (t.kind !== BtfKind.ARRAY) return "no";
        localId = l.elemType;
        targetId = t.elemType;
        break;
      case BtfKind.FUNC_PROTO: {
        if (t.kind !== BtfKind.FUNC_PROTO || l.params.length !== t.params.length) return "no";
        for (const [i, param] of l.params.entries()) {
          if (level <= 0) return "error";
          const lp = local.resolve(param.type);
          const tp = target.resolve(t.params[i]?.type ?? 0);
          const compat = !lp || !tp ? "error" : typesCompat(local, lp.id, target, tp.id, level - 1, budget);
          if (compat !== "yes") return compat;
        }
        localId = l.ret;
        targetId = t.ret;
        break;
      }
      default:
        return "no";
    }
  }
}

/** The types of two fields of one name are close enough to relocate an access (libbpf bpf_core_fields_are_compat). */
export function fieldsAreCompatible(local: Btf, localId: BtfId, target: Btf, targetId: BtfId): Compat {
  for (let depth = 0; depth < 4 * MAX_DEPTH; depth++) {
    const l = local.resolve(localId);
    const t = target.resolve(targetId);
    if (!l || !t) return "error";
    if (isComposite(l) && isComposite(t)) return "yes";
    if (!kindsCompatible(l, t)) return "no";
    switch (l.kind) {
      case BtfKind.PTR:
      case BtfKind.FLOAT:
        return "yes";
      case BtfKind.FWD:
      case BtfKind.ENUM:
      case BtfKind.ENUM64: {
        const [a, b] = [essentialName(l.name), essentialName(t.name)];
        return a === "" || b === "" || a === b ? "yes" : "no";
      }
      case BtfKind.INT:
        return l.bitOffset === 0 && t.kind === BtfKind.INT && t.bitOffset === 0 ? "yes" : "no";
      case BtfKind.ARRAY:
        if (t.kind !== BtfKind.ARRAY) return "no";
        localId = l.elemType;
        targetId = t.elemType;
        break;
      default:
        return "no";
    }
  }
  return "error";
}

function namesMatch(local: string, target: string): boolean {
  if (target === "") return local === "";
  return essentialName(local) === essentialName(target);
}

/** The local type's shape is found in the target (libbpf bpf_core_types_match, for bpf_core_type_matches()). */
export function typesMatch(local: Btf, localId: BtfId, target: Btf, targetId: BtfId): Compat {
  return matches(local, localId, target, targetId, false, MAX_DEPTH, { steps: 1_000_000 });
}

function matches(local: Btf, localId: BtfId, target: Btf, targetId: BtfId, behindPtr: boolean, level: number, budget: { steps: number }): Compat {
  if (level <= 0) return "error";
  const verdict = (yes: boolean): Compat => (yes ? "yes" : "no");
  for (let depth = MAX_DEPTH; ; depth--) {
    if (depth <= 0 || budget.steps-- <= 0) return "error";
    const l = local.resolve(localId);
    const t = target.resolve(targetId);
    if (!l || !t) return "error";
    if (!namesMatch(l.name, t.name)) return "no";
    switch (l.kind) {
      case BtfKind.VOID:
        return verdict(t.kind === BtfKind.VOID);
      case BtfKind.FWD:
        if (t.kind === BtfKind.FWD) return verdict(l.union === t.union);
        return verdict(behindPtr && ((t.kind === BtfKind.STRUCT && !l.union) || (t.kind === BtfKind.UNION && l.union)));
      case BtfKind.ENUM:
      case BtfKind.ENUM64: {
        if (!isAnyEnum(t) || l.size !== t.size || l.values.length > t.values.length) return "no";
        const names = new Set(t.values.map((value) => essentialName(value.name)));
        return verdict(l.values.every((value) => names.has(essentialName(value.name))));
      }
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        if (behindPtr) {
          if (l.kind === t.kind) return "yes";
          return verdict(t.kind === BtfKind.FWD && (l.kind === BtfKind.UNION) === t.union);
        }
        return l.kind === t.kind ? compositesMatch(local, l, target, t as typeof l, level, budget) : "no";
      case BtfKind.INT:
        return verdict(t.kind === BtfKind.INT && l.size === t.size && l.signed === t.signed);
      case BtfKind.PTR:
        if (t.kind !== BtfKind.PTR) return "no";
        behindPtr = true;
        localId = l.type;
        targetId = t.type;
        break;
      case BtfKind.ARRAY:
        if (t.kind !== BtfKind.ARRAY || l.nelems !== t.nelems) return "no";
        localId = l.elemType;
        targetId = t.elemType;
        break;
      case BtfKind.FUNC_PROTO: {
        if (t.kind !== BtfKind.FUNC_PROTO || l.params.length !== t.params.length) return "no";
        for (const [i, param] of l.params.entries()) {
          const match = matches(local, param.type, target, t.params[i]?.type ?? 0, behindPtr, level - 1, budget);
          if (match !== "yes") return match;
        }
        localId = l.ret;
        targetId = t.ret;
        break;
      }
      default:
        return "no";
    }
  }
}

function compositesMatch(
  local: Btf, l: BtfOf<typeof BtfKind.STRUCT>, target: Btf, t: BtfOf<typeof BtfKind.STRUCT>, level: number, budget: { steps: number },
): Compat {
  if (l.members.length > t.members.length) return "no";
  for (const member of l.members) {
    let found = false;
    for (const candidate of t.members) {
      if (budget.steps-- <= 0) return "error";
      if (!namesMatch(member.name, candidate.name)) continue;
      const match = matches(local, member.type, target, candidate.type, false, level - 1, budget);
      if (match === "error") return "error";
      if (match === "yes") {
        found = true;
        break;
      }
    }
    if (!found) return "no";
  }
  return "yes";
}
