import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf } from "./types.ts";

/**
 * Names under which types appear in C. BTF may hold several types of one name; the second becomes `name___2`, as libbpf's
 * btf_dump has it (which also makes it a flavour of the first for CO-RE). Tags and ordinary identifiers are apart.
 */
export class CNames {
  private readonly btf: Btf;
  private readonly unique: boolean;
  private readonly cached = new Map<BtfId, string>();
  private readonly tags = new Map<string, number>();
  private readonly idents = new Map<string, number>();

  /** `unique` false gives every type its plain name */
  constructor(btf: Btf, unique: boolean) {
    this.btf = btf;
    this.unique = unique;
  }

  /** Tag of a struct, union, enum or forward declaration; "" when it is anonymous. */
  tag(id: BtfId): string {
    return this.name(id, this.tags);
  }

  /** Name of a typedef. */
  typedef(id: BtfId): string {
    return this.name(id, this.idents);
  }

  /** Name of an enumerator, which shares a name space with typedefs. */
  enumerator(name: string): string {
    const count = this.unique ? this.count(this.idents, name) : 1;
    return count > 1 ? `${name}___${count}` : name;
  }

  private name(id: BtfId, space: Map<string, number>): string {
    const known = this.cached.get(id);
    if (known !== undefined) return known;
    const own = this.btf.type(id)?.name ?? "";
    const count = own === "" || !this.unique ? 1 : this.count(space, own);
    const name = count > 1 ? `${own}___${count}` : own;
    this.cached.set(id, name);
    return name;
  }

  private count(space: Map<string, number>, name: string): number {
    const count = (space.get(name) ?? 0) + 1;
    space.set(name, count);
    return count;
  }
}

/** A builtin of the compiler that must not be declared. */
export function isCompilerBuiltin(btf: Btf, id: BtfId): boolean {
  const type = btf.type(id);
  return type?.kind === BtfKind.TYPEDEF && type.name === "__builtin_va_list";
}
