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
  private readonly byName = new Map<string, BtfId[]>();
  private readonly tags = new Map<BtfId, { name: string; componentIdx: number }[]>();

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
    const own = { ...type, id } as BtfType;
    this.own.push(own);
    if (own.name !== "") append(this.byName, own.name, id);
    if (own.kind === BtfKind.DECL_TAG) append(this.tags, own.type, { name: own.name, componentIdx: own.componentIdx });
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
    const own = this.ownNamed(name).find((id) => this.type(id)?.kind === kind);
    return own ?? this.base?.find(kind, name);
  }

  named(name: string): readonly BtfId[] {
    return [...this.ownNamed(name), ...(this.base?.named(name) ?? [])];
  }

  private ownNamed(name: string): readonly BtfId[] {
    return (this.byName.get(name) ?? []).filter((id) => !this.unfindable.has(id));
  }

  resolve(id: BtfId): BtfType | undefined {
    return resolveType(this, id);
  }

  sizeOf(id: BtfId): number | undefined {
    return sizeOfType(this, id);
  }

  declTags(id: BtfId, componentIdx?: number): readonly string[] {
    const own = (this.tags.get(id) ?? []).filter((tag) => tag.componentIdx === (componentIdx ?? -1)).map((tag) => tag.name);
    return id < this.startId ? [...(this.base?.declTags(id, componentIdx) ?? []), ...own] : own;
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
