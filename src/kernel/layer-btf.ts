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
  private readonly unfindable = new Set<BtfId>();

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

  /** The type keeps its name, but nobody finds it by that. */
  hide(id: BtfId): void {
    this.unfindable.add(id);
  }

  type(id: BtfId): BtfType | undefined {
    return id < this.startId ? this.base?.type(id) : this.own[id - this.startId];
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    const own = this.own.find((t) => t.kind === kind && t.name === name && !this.unfindable.has(t.id));
    return own ? own.id : this.base?.find(kind, name);
  }

  named(name: string): readonly BtfId[] {
    return [...this.own.filter((t) => t.name === name && name !== "" && !this.unfindable.has(t.id)).map((t) => t.id), ...(this.base?.named(name) ?? [])];
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
