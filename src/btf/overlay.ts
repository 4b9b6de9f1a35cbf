import type { BtfId } from "../base/brand.ts";
import { BtfKind, type Btf, type BtfType } from "./types.ts";
import { resolveType, sizeOfType } from "./walk.ts";

/** BTF with some types replaced and some added at its end: how a loader fixes up an object's BTF without touching the object. */
export class OverlayBtf implements Btf {
  readonly base: Btf | null;
  readonly name: string;
  readonly startId: number;
  private readonly under: Btf;
  private readonly replaced = new Map<BtfId, BtfType>();
  private readonly added: BtfType[] = [];

  constructor(under: Btf) {
    this.under = under;
    this.base = under.base;
    this.name = under.name;
    this.startId = under.startId;
  }

  get count(): number {
    return this.under.count + this.added.length;
  }

  /** Puts another type in the place of one that exists. */
  replace(id: BtfId, type: BtfType): void {
    if (id >= this.under.count) this.added[id - this.under.count] = type;
    else this.replaced.set(id, type);
  }

  /** Appends a type made for the id it gets; returns that id. */
  add(make: (id: BtfId) => BtfType): BtfId {
    const id = this.count;
    this.added.push(make(id));
    return id;
  }

  type(id: BtfId): BtfType | undefined {
    return this.replaced.get(id) ?? this.under.type(id) ?? this.added[id - this.under.count];
  }

  find(kind: BtfKind, name: string): BtfId | undefined {
    return this.named(name).find((id) => this.type(id)?.kind === kind);
  }

  named(name: string): readonly BtfId[] {
    const ids = new Set<BtfId>(this.under.named(name));
    for (const [id, type] of this.replaced) {
      if (type.name === name && name !== "") ids.add(id);
      else ids.delete(id);
    }
    for (const type of this.added) if (type.name === name && name !== "") ids.add(type.id);
    return [...ids].sort((a, b) => a - b);
  }

  resolve(id: BtfId): BtfType | undefined {
    return resolveType(this, id);
  }

  sizeOf(id: BtfId): number | undefined {
    return sizeOfType(this, id);
  }

  declTags(id: BtfId, componentIdx = -1): readonly string[] {
    const extra = this.added.flatMap((type) => (type.kind === BtfKind.DECL_TAG && type.type === id && type.componentIdx === componentIdx ? [type.name] : []));
    const under = id < this.under.count ? this.under.declTags(id, componentIdx) : [];
    return extra.length === 0 ? under : [...under, ...extra];
  }
}
