import type { BtfId } from "../base/brand.ts";
import { CDeclarations } from "./c-decl.ts";
import { CNames } from "./c-names.ts";
import { BtfKind, type Btf } from "./types.ts";

function declarations(btf: Btf): CDeclarations {
  return new CDeclarations(btf, new CNames(btf, false), 50_000);
}

/** A type as C would name it in a declaration: "struct task_struct *", "u64", "int (*)(void *)". */
export function printTypeName(btf: Btf, id: BtfId): string {
  return declarations(btf).declaration(id, "").trimEnd();
}

/** A declaration of that type and name, without a semicolon: "const char *name", "int (*cb)(void *)". */
export function printDeclaration(btf: Btf, id: BtfId, name: string): string {
  return declarations(btf).declaration(id, name);
}

/** The prototype of a FUNC or FUNC_PROTO: "int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)"; undefined for other kinds. */
export function printPrototype(btf: Btf, id: BtfId): string | undefined {
  const type = btf.type(id);
  if (type?.kind === BtfKind.FUNC) return declarations(btf).declaration(type.type, type.name);
  if (type?.kind === BtfKind.FUNC_PROTO) return declarations(btf).declaration(id, "").trimEnd();
  return undefined;
}

/** What a reader wants to see of a type: the whole definition of a struct, union, enum or typedef, the prototype of a function. */
export function printType(btf: Btf, id: BtfId): string {
  const type = btf.type(id);
  const decls = declarations(btf);
  switch (type?.kind) {
    case BtfKind.STRUCT:
    case BtfKind.UNION:
      return `${decls.structDefinition(type, 0)};`;
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return `${decls.enumDefinition(type, 0)};`;
    case BtfKind.TYPEDEF:
      return `typedef ${decls.declaration(type.type, type.name)};`;
    case BtfKind.FUNC:
    case BtfKind.FUNC_PROTO:
      return `${printPrototype(btf, id) ?? ""};`;
    case BtfKind.VAR:
      return `${decls.declaration(type.type, type.name)};`;
    case BtfKind.FWD:
      return `${decls.tagOf(type)};`;
    case BtfKind.DATASEC:
      return type.secinfos.map((info) => {
        const variable = btf.type(info.type);
        return `/* ${type.name} + ${info.offset} */ ${variable?.kind === BtfKind.VAR ? decls.declaration(variable.type, variable.name) : `type ${info.type}`};`;
      }).join("\n");
    default:
      return printTypeName(btf, id);
  }
}
