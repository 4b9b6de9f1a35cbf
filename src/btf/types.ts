import type { BtfId } from "../base/brand.ts";

/** BTF kinds by their number in the format (Documentation/bpf/btf.rst). */
export const BtfKind = {
  VOID: 0, INT: 1, PTR: 2, ARRAY: 3, STRUCT: 4, UNION: 5, ENUM: 6, FWD: 7, TYPEDEF: 8, VOLATILE: 9, CONST: 10, RESTRICT: 11,
  FUNC: 12, FUNC_PROTO: 13, VAR: 14, DATASEC: 15, FLOAT: 16, DECL_TAG: 17, TYPE_TAG: 18, ENUM64: 19,
} as const;
export type BtfKind = (typeof BtfKind)[keyof typeof BtfKind];

export interface BtfMember {
  name: string;
  type: BtfId;
  /** offset in bits from the start of the struct */
  bitOffset: number;
  /** 0 when it is not a bitfield */
  bitfieldSize: number;
}
export interface BtfParam { name: string; type: BtfId }
export interface BtfEnumValue { name: string; value: bigint }
export interface BtfSecinfo { type: BtfId; offset: number; size: number }

/** A decoded BTF type. `size` is in bytes; `type` is the type referred to. */
export type BtfType =
  | { kind: typeof BtfKind.VOID; id: BtfId; name: "" }
  | { kind: typeof BtfKind.INT; id: BtfId; name: string; size: number; bits: number; bitOffset: number; signed: boolean; char: boolean; bool: boolean }
  | { kind: typeof BtfKind.PTR | typeof BtfKind.TYPEDEF | typeof BtfKind.VOLATILE | typeof BtfKind.CONST | typeof BtfKind.RESTRICT; id: BtfId; name: string; type: BtfId }
  | { kind: typeof BtfKind.TYPE_TAG; id: BtfId; name: string; type: BtfId; kindFlag: boolean }
  | { kind: typeof BtfKind.ARRAY; id: BtfId; name: ""; elemType: BtfId; indexType: BtfId; nelems: number }
  | { kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION; id: BtfId; name: string; size: number; members: BtfMember[]; kindFlag: boolean }
  | { kind: typeof BtfKind.ENUM | typeof BtfKind.ENUM64; id: BtfId; name: string; size: number; signed: boolean; values: BtfEnumValue[] }
  | { kind: typeof BtfKind.FWD; id: BtfId; name: string; union: boolean }
  | { kind: typeof BtfKind.FUNC; id: BtfId; name: string; type: BtfId; /** 0 static, 1 global, 2 extern */ linkage: number }
  | { kind: typeof BtfKind.FUNC_PROTO; id: BtfId; name: ""; ret: BtfId; params: BtfParam[]; /** last param is `...` */ variadic: boolean }
  | { kind: typeof BtfKind.VAR; id: BtfId; name: string; type: BtfId; linkage: number }
  | { kind: typeof BtfKind.DATASEC; id: BtfId; name: string; size: number; secinfos: BtfSecinfo[] }
  | { kind: typeof BtfKind.FLOAT; id: BtfId; name: string; size: number }
  | { kind: typeof BtfKind.DECL_TAG; id: BtfId; name: string; type: BtfId; /** -1: the type itself; else member or parameter index */ componentIdx: number };

type OfKind<T, K> = T extends { kind: BtfKind } ? (K extends T["kind"] ? T : never) : never;
/** The decoded form of a kind; kinds that share a form (STRUCT and UNION, ENUM and ENUM64 …) give the shared one. */
export type BtfOf<K extends BtfKind> = OfKind<BtfType, K>;

/**
 * BTF of an object, of vmlinux, or split BTF of a module over its base. Implemented by `parseBtf` in parse.ts.
 * Parsing only indexes offsets (140,000 types in a few ms); types are decoded on demand and cached. Structurally
 * checked on parse: sizes, string offsets and type ids in range; reference loops are met by the walkers' own depth limits.
 */
export interface Btf {
  /** null for a base */
  readonly base: Btf | null;
  /** "vmlinux", a module's name, or "" for an object's own */
  readonly name: string;
  /** ids are 0 … count-1; with split BTF own ids start at base.count */
  readonly count: number;
  readonly startId: number;
  /** undefined when there is no such id */
  type(id: BtfId): BtfType | undefined;
  /** first type of that kind and name, own types before the base's */
  find(kind: BtfKind, name: string): BtfId | undefined;
  /** all ids whose name is exactly this */
  named(name: string): readonly BtfId[];
  /** follows typedef, const, volatile, restrict and type_tag; undefined on a loop or bad id */
  resolve(id: BtfId): BtfType | undefined;
  /** size in bytes as btf__resolve_size; undefined when it has none */
  sizeOf(id: BtfId): number | undefined;
  /** the decl_tags on a type, or with componentIdx those on that member or parameter */
  declTags(id: BtfId, componentIdx?: number): readonly string[];
  /** own ids whose name holds a `___`, ascending; without it whoever looks for flavours goes through all types */
  flavouredIds?(): readonly BtfId[];
}
