import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf, BtfType } from "../../btf/types.ts";
import { resolveType } from "../../btf/walk.ts";

/**
 * A kernel's BTF with some types edited: ids keep their meaning, names may change or go. Edits are made while a custom
 * kernel is put together and not afterwards.
 */
export class EditedBtf implements Btf {
  readonly base: Btf | null;
  readonly name: string;
  readonly count: number;
  readonly startId: number;
  private readonly inner: Btf;
  private readonly replaced = new Map<BtfId, BtfType>();
  private readonly unfindable = new Set<BtfId>();
  private readonly newNames = new Map<string, BtfId[]>();

  constructor(inner: Btf, base: Btf | null) {
    this.inner = inner;
    this.base = base;
    this.name = inner.name;
    this.count = inner.count;
    this.startId = inner.startId;
  }

  /** Gives a type another content; under its old name it is found no more if its name is another. */
  replace(type: BtfType): void {
    const before = this.type(type.id);
    if (before && before.name !== type.name && type.name !== "") this.newNames.set(type.name, [...(this.newNames.get(type.name) ?? []), type.id]);
    this.replaced.set(type.id, type);
  }

  /** The type keeps its name, but nobody finds it by that. */
  hide(id: BtfId): void {
    this.unfindable.add(id);
  }

  /** A function that is gone stays decodable, since other types may refer to it, but has no name. */
  removeFunc(id: BtfId): void {
    const type = this.type(id);
    if (type?.kind === BtfKind.FUNC) this.replaced.set(id, { ...type, name: "" });
  }

  type(id: BtfId): BtfType | undefined {
    if (this.base !== null && id < this.startId) return this.base.type(id);
    return this.replaced.get(id) ?? this.inner.type(id);
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    const first = this.inner.find(kind, name);
    if (first === undefined && !this.newNames.has(name)) return undefined;
    if (first !== undefined && first >= this.startId && !this.replaced.has(first) && !this.unfindable.has(first)) return first;
    return this.named(name).find((id) => this.type(id)?.kind === kind);
  }

  named(name: string): readonly BtfId[] {
    const ids = [...(this.newNames.get(name) ?? []), ...this.inner.named(name)];
    return [...new Set(ids)].filter((id) => !this.unfindable.has(id) && this.type(id)?.name === name);
  }

  resolve(id: BtfId): BtfType | undefined {
    const type = this.inner.resolve(id);
    return type && (this.replaced.has(type.id) || (this.base !== null && type.id < this.startId)) ? resolveType(this, id) : type;
  }

  sizeOf(id: BtfId): number | undefined {
    return this.inner.sizeOf(id);
  }

  declTags(id: BtfId, componentIdx?: number): readonly string[] {
    return this.type(id)?.name === "" ? [] : this.inner.declTags(id, componentIdx);
  }

  flavouredIds(): readonly BtfId[] {
    return this.inner.flavouredIds?.() ?? Array.from({ length: this.count - this.startId }, (_, i) => (this.startId + i) as BtfId);
  }
}
