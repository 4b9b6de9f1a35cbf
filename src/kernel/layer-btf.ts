import type { BtfId } from "../base/brand.ts";
import { BtfKind } from "../btf/types.ts";
import type { Btf, BtfType } from "../btf/types.ts";
import { resolveType, sizeOfType } from "../btf/walk.ts";

/** Omit that keeps a union's members apart. */
type Unnumbered = BtfType extends infer T ? (T extends BtfType ? Omit<T, "id"> : never) : never;

/** Split BTF made in memory: the types that an overlay adds over a kernel's own. */
export class LayerBtf implements Btf {
  readonly base: Btf | null;
  readonly name: string;
  readonly startId: number;
  private readonly own: BtfType[] = [];

  constructor(name: string, base: Btf) {
    this.name = name;
    this.base = base;
    this.startId = base.count;
  }

  get count(): number {
    return this.startId + this.own.length;
  }

  /** Adds a type and gives its id. */
  add(type: Unnumbered): BtfId {
    const id = this.count as BtfId;
    this.own.push({ ...type, id } as BtfType);
    return id;
  }

  type(id: BtfId): BtfType | undefined {
    return id < this.startId ? this.base?.type(id) : this.own[id - this.startId];
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    const own = this.own.find((t) => t.kind === kind && t.name === name);
    return own ? own.id : this.base?.find(kind, name);
  }

  named(name: string): readonly BtfId[] {
    return [...this.own.filter((t) => t.name === name && name !== "").map((t) => t.id), ...(this.base?.named(name) ?? [])];
  }

  resolve(id: BtfId): BtfType | undefined {
    return resolveType(this, id);
  }

  sizeOf(id: BtfId): number | undefined {
    return sizeOfType(this, id);
  }

  declTags(id: BtfId, componentIdx?: number): readonly string[] {
    const own = this.own.filter((t) => t.kind === BtfKind.DECL_TAG && t.type === id && t.componentIdx === (componentIdx ?? -1)).map((t) => t.name);
    return id < this.startId ? [...(this.base?.declTags(id, componentIdx) ?? []), ...own] : own;
  }
}

/** A kernel's BTF in which some FUNCs can no longer be found by name, as if they had been removed. Ids keep their meaning. */
export class MaskedBtf implements Btf {
  readonly base: Btf | null;
  readonly name: string;
  readonly count: number;
  readonly startId: number;
  private readonly inner: Btf;
  private readonly hidden: ReadonlySet<string>;

  constructor(inner: Btf, hiddenFuncs: ReadonlySet<string>, base: Btf | null) {
    this.inner = inner;
    this.hidden = hiddenFuncs;
    this.base = base;
    this.name = inner.name;
    this.count = inner.count;
    this.startId = inner.startId;
  }

  /** A hidden FUNC stays decodable (other types may refer to it by id) but has no name. */
  type(id: BtfId): BtfType | undefined {
    const type = this.inner.type(id);
    return type?.kind === BtfKind.FUNC && this.hidden.has(type.name) ? { ...type, name: "" } : type;
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    return kind === BtfKind.FUNC && this.hidden.has(name) ? undefined : this.inner.find(kind, name);
  }

  named(name: string): readonly BtfId[] {
    const ids = this.inner.named(name);
    return this.hidden.has(name) ? ids.filter((id) => this.inner.type(id)?.kind !== BtfKind.FUNC) : ids;
  }

  resolve(id: BtfId): BtfType | undefined {
    return this.inner.resolve(id);
  }

  sizeOf(id: BtfId): number | undefined {
    return this.inner.sizeOf(id);
  }

  declTags(id: BtfId, componentIdx?: number): readonly string[] {
    const type = this.inner.type(id);
    return type?.kind === BtfKind.FUNC && this.hidden.has(type.name) ? [] : this.inner.declTags(id, componentIdx);
  }

  flavouredIds(): readonly BtfId[] {
    const ids = this.inner.flavouredIds?.();
    return ids ?? Array.from({ length: this.count - this.startId }, (_, i) => this.startId + i);
  }
}
