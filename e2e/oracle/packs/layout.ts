/**
 * Struct layouts and enum names of one kernel, from its own BTF.
 */
import { BtfKind, type BtfType } from "../../../src/btf/types.ts";

/** What is needed of a BTF here. */
export interface BtfView {
  readonly count: number;
  readonly startId: number;
  type(id: number): BtfType | undefined;
  named(name: string): readonly number[];
}

type Composite = Extract<BtfType, { kind: typeof BtfKind.STRUCT | typeof BtfKind.UNION }>;

/** The struct or union of that name; undefined when the kernel has none. */
export function structOf(btf: BtfView, name: string): Composite | undefined {
  for (const id of btf.named(name)) {
    const type = btf.type(id);
    if (type?.kind === BtfKind.STRUCT || type?.kind === BtfKind.UNION) return type;
  }
  return undefined;
}

/** Byte offset of a member, looking into anonymous members too; undefined when there is none. */
export function memberOffset(btf: BtfView, struct: Composite, member: string): number | undefined {
  for (const entry of struct.members) {
    if (entry.name === member) return entry.bitOffset / 8;
    if (entry.name !== "") continue;
    const inner = btf.type(entry.type);
    if (inner?.kind !== BtfKind.STRUCT && inner?.kind !== BtfKind.UNION) continue;
    const offset = memberOffset(btf, inner, member);
    if (offset !== undefined) return entry.bitOffset / 8 + offset;
  }
  return undefined;
}

/** Byte offset of `struct name`.member. Throws when the kernel's BTF does not have it. */
export function offsetOf(btf: BtfView, name: string, member: string): number {
  const struct = structOf(btf, name);
  const offset = struct && memberOffset(btf, struct, member);
  if (offset === undefined) throw new Error(`this kernel's BTF has no struct ${name} with a member ${member}`);
  return offset;
}

/** Values of an enum by its name, or of the enum that defines the constant given; empty when there is none. */
export function enumValues(btf: BtfView, name: string): readonly { readonly name: string; readonly value: number }[] {
  for (const id of btf.named(name)) {
    const type = btf.type(id);
    if (type?.kind === BtfKind.ENUM || type?.kind === BtfKind.ENUM64) return type.values.map((entry) => ({ name: entry.name, value: Number(entry.value) }));
  }
  return [];
}

/** Values of the (possibly anonymous) enum that has this constant; empty when there is none. */
export function enumWith(btf: BtfView, constant: string): readonly { readonly name: string; readonly value: number }[] {
  for (let id = btf.startId; id < btf.count; id++) {
    const type = btf.type(id);
    if (type?.kind !== BtfKind.ENUM && type?.kind !== BtfKind.ENUM64) continue;
    if (type.values.some((entry) => entry.name === constant)) return type.values.map((entry) => ({ name: entry.name, value: Number(entry.value) }));
  }
  return [];
}
