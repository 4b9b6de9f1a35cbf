import type { BtfId } from "../base/brand.ts";
import { u64 } from "../base/u64.ts";
import { isAnyEnum, isComposite } from "./core-compat.ts";
import { CoreKind, E2BIG, EINVAL, type CoreSpec } from "./core-spec.ts";
import { BtfKind, type Btf } from "./types.ts";

const ENOTSUP = -95;

/** A relocation's value on one side; "poison" where the target has no such thing. */
export type Calculated =
  | { outcome: "value"; value: bigint; validate: boolean; /** bytes of the field, 0: not known */ size: number; typeId: BtfId }
  | { outcome: "poison" }
  | { outcome: "error"; errno: number };

function value(v: bigint | number | boolean, validate = true, size = 0, typeId: BtfId = 0): Calculated {
  return { outcome: "value", value: u64(BigInt(v)), validate, size, typeId };
}
function error(errno: number): Calculated {
  return { outcome: "error", errno };
}

/** Size of the innermost element of (arrays of) a type. */
function elementSize(btf: Btf, id: BtfId): number | undefined {
  let type = btf.resolve(id);
  for (let depth = 0; type?.kind === BtfKind.ARRAY; depth++) {
    if (depth > 32) return undefined;
    type = btf.resolve(type.elemType);
  }
  return type && btf.sizeOf(type.id);
}

/** Field relocations (libbpf bpf_core_calc_field_relo). */
export function calcField(kind: number, spec: CoreSpec | null, insn: number, warn: (line: string) => void): Calculated {
  if (kind === CoreKind.FIELD_EXISTS) return value(spec !== null);
  if (!spec) return { outcome: "poison" };
  const accessor = spec.spec[spec.spec.length - 1];
  if (!accessor) return error(EINVAL);
  if (accessor.name === null) return calcElement(kind, spec, accessor.typeId, insn, warn);
  const parent = spec.btf.type(accessor.typeId);
  const member = parent && isComposite(parent) ? parent.members[accessor.idx] : undefined;
  const field = member && spec.btf.resolve(member.type);
  if (!member || !field) return error(EINVAL);

  const bitfield = member.bitfieldSize > 0;
  let byteSize: number;
  let byteOff: number;
  let bitSize = member.bitfieldSize;
  if (bitfield) {
    byteSize = "size" in field ? field.size : 0;
    if (byteSize === 0) return error(EINVAL);
    const place = (): number => Math.floor(Math.floor(spec.bitOffset / 8) / byteSize) * byteSize;
    byteOff = place();
    while (spec.bitOffset + bitSize - byteOff * 8 > byteSize * 8) {
      if (byteSize >= 8) {
        warn(`relo ${kind} at insn #${insn} can't be satisfied for bitfield`);
        return error(E2BIG);
      }
      byteSize *= 2;
      byteOff = place();
    }
  } else {
    const size = spec.btf.sizeOf(field.id);
    if (size === undefined) return error(EINVAL);
    byteSize = size;
    byteOff = Math.floor(spec.bitOffset / 8);
    bitSize = byteSize * 8;
  }
  switch (kind) {
    case CoreKind.FIELD_BYTE_OFFSET: {
      if (bitfield) return value(byteOff, false);
      const size = elementSize(spec.btf, field.id);
      return size === undefined ? error(EINVAL) : value(byteOff, true, size, field.id);
    }
    case CoreKind.FIELD_BYTE_SIZE:
      return value(byteSize, !bitfield);
    case CoreKind.FIELD_SIGNED:
      return value((isAnyEnum(field) && field.signed) || (field.kind === BtfKind.INT && field.signed), true);
    case CoreKind.FIELD_LSHIFT_U64:
      return value(64 - (spec.bitOffset + bitSize - byteOff * 8), !bitfield);
    case CoreKind.FIELD_RSHIFT_U64:
      return value(64 - bitSize, true);
    default:
      return error(ENOTSUP);
  }
}

function calcElement(kind: number, spec: CoreSpec, typeId: BtfId, insn: number, warn: (line: string) => void): Calculated {
  if (kind === CoreKind.FIELD_BYTE_OFFSET) {
    const size = elementSize(spec.btf, typeId);
    return size === undefined ? error(EINVAL) : value(Math.floor(spec.bitOffset / 8), true, size, typeId);
  }
  if (kind === CoreKind.FIELD_BYTE_SIZE) {
    const size = spec.btf.sizeOf(typeId);
    return size === undefined ? error(EINVAL) : value(size);
  }
  warn(`relo ${kind} at insn #${insn} can't be applied to array access`);
  return error(EINVAL);
}

/** Type relocations (libbpf bpf_core_calc_type_relo): 0 when there is no such type. */
export function calcType(kind: number, spec: CoreSpec | null): Calculated {
  if (!spec) return value(0);
  switch (kind) {
    case CoreKind.TYPE_ID_TARGET:
      return value(spec.rootTypeId, false);
    case CoreKind.TYPE_EXISTS:
    case CoreKind.TYPE_MATCHES:
      return value(1);
    case CoreKind.TYPE_SIZE: {
      const size = spec.btf.sizeOf(spec.rootTypeId);
      return size === undefined ? error(EINVAL) : value(size);
    }
    default:
      return error(ENOTSUP);
  }
}

/** Enumerator relocations (libbpf bpf_core_calc_enumval_relo). */
export function calcEnumval(kind: number, spec: CoreSpec | null): Calculated {
  if (kind === CoreKind.ENUMVAL_EXISTS) return value(spec !== null);
  if (kind !== CoreKind.ENUMVAL_VALUE) return error(ENOTSUP);
  if (!spec) return { outcome: "poison" };
  const type = spec.btf.type(spec.spec[0]?.typeId ?? 0);
  const found = type && isAnyEnum(type) ? type.values[spec.spec[0]?.idx ?? -1] : undefined;
  return found ? value(found.value) : error(EINVAL);
}
