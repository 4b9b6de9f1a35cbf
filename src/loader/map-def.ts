import type { BtfId } from "../base/brand.ts";
import { KIND_NAMES } from "../btf/constants.ts";
import { isAnyEnum } from "../btf/core-compat.ts";
import { BtfKind, type Btf, type BtfMember, type BtfOf } from "../btf/types.ts";
import { EINVAL, ENOTSUP, type LoadLog } from "./refusal.ts";
import { mapTypeId } from "./uapi.ts";

/** A map as its C definition has it (libbpf struct btf_map_def). */
export interface MapDef {
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  numaNode: number;
  hasNumaNode: boolean;
  pinning: number;
  mapExtra: bigint;
  keyTypeId: BtfId;
  valueTypeId: BtfId;
  inner: MapDef | null;
}

/**
 * Reads the definition of a map from the type of its variable in .maps: `__uint(type, N)` is a pointer to an array of N
 * elements, `__type(key, T)` a pointer to T (libbpf parse_btf_map_def, strict).
 */
export function parseMapDef(btf: Btf, mapName: string, type: BtfOf<typeof BtfKind.STRUCT>, isInner: boolean, log: LoadLog): MapDef {
  const def: MapDef = {
    type: 0, keySize: 0, valueSize: 0, maxEntries: 0, flags: 0, numaNode: 0, hasNumaNode: false, pinning: 0, mapExtra: 0n, keyTypeId: 0, valueTypeId: 0, inner: null,
  };
  const refuse = (line: string, errno = EINVAL): never => log.refuse(`map '${mapName}': ${line}`, { errno, subject: { kind: "map", name: mapName } });
  for (const [i, member] of type.members.entries()) {
    switch (member.name) {
      case "type":
        def.type = intField(btf, member, refuse);
        break;
      case "max_entries":
        def.maxEntries = intField(btf, member, refuse);
        break;
      case "map_flags":
        def.flags = intField(btf, member, refuse);
        break;
      case "numa_node":
        def.numaNode = intField(btf, member, refuse);
        def.hasNumaNode = true;
        break;
      case "key_size": {
        const size = intField(btf, member, refuse);
        if (def.keySize && def.keySize !== size) refuse(`conflicting key size ${def.keySize} != ${size}.`);
        def.keySize = size;
        break;
      }
      case "value_size": {
        const size = intField(btf, member, refuse);
        if (def.valueSize && def.valueSize !== size) refuse(`conflicting value size ${def.valueSize} != ${size}.`);
        def.valueSize = size;
        break;
      }
      case "key":
      case "value": {
        const { id, size } = typeField(btf, member, refuse);
        const before = member.name === "key" ? def.keySize : def.valueSize;
        if (before && before !== size) refuse(`conflicting ${member.name} size ${before} != ${size}.`);
        if (member.name === "key") [def.keySize, def.keyTypeId] = [size, id];
        else [def.valueSize, def.valueTypeId] = [size, id];
        break;
      }
      case "values":
        readValues(btf, mapName, def, member, isInner, i === type.members.length - 1, refuse, log);
        break;
      case "pinning": {
        if (isInner) refuse("inner def can't be pinned.");
        const value = intField(btf, member, refuse);
        if (value !== 0 && value !== 1) refuse(`invalid pinning value ${value}.`);
        def.pinning = value;
        break;
      }
      case "map_extra":
        def.mapExtra = longField(btf, member, refuse);
        break;
      default:
        refuse(`unknown field '${member.name}'.`, ENOTSUP);
    }
  }
  if (def.type === 0) refuse("map type isn't specified.");
  return def;
}

type Refuse = (line: string, errno?: string) => never;

function intField(btf: Btf, member: BtfMember, refuse: Refuse): number {
  const type = btf.resolve(member.type);
  if (type?.kind !== BtfKind.PTR) return refuse(`attr '${member.name}': expected PTR, got ${KIND_NAMES[type?.kind ?? 0]}.`);
  const array = btf.type(type.type);
  if (!array) return refuse(`attr '${member.name}': type [${type.type}] not found.`);
  if (array.kind !== BtfKind.ARRAY) return refuse(`attr '${member.name}': expected ARRAY, got ${KIND_NAMES[array.kind]}.`);
  return array.nelems;
}

function longField(btf: Btf, member: BtfMember, refuse: Refuse): bigint {
  const type = btf.resolve(member.type);
  if (type?.kind === BtfKind.PTR) return BigInt(intField(btf, member, refuse));
  if (!type || !isAnyEnum(type)) return refuse(`attr '${member.name}': expected ENUM or ENUM64, got ${KIND_NAMES[type?.kind ?? 0]}.`);
  const value = type.values[0];
  if (!value || type.values.length !== 1) return refuse(`attr '${member.name}': invalid __ulong`);
  return BigInt.asUintN(64, value.value);
}

function typeField(btf: Btf, member: BtfMember, refuse: Refuse): { id: BtfId; size: number } {
  const type = btf.type(member.type);
  if (!type) return refuse(`${member.name} type [${member.type}] not found.`);
  if (type.kind !== BtfKind.PTR) return refuse(`${member.name} spec is not PTR: ${KIND_NAMES[type.kind]}.`);
  const size = btf.sizeOf(type.type);
  if (size === undefined) return refuse(`can't determine ${member.name} size for type [${type.type}]: -22.`);
  return { id: type.type, size };
}

/** `__array(values, …)`: the inner map's definition, or the programs of a prog array. */
function readValues(btf: Btf, mapName: string, def: MapDef, member: BtfMember, isInner: boolean, isLast: boolean, refuse: Refuse, log: LoadLog): void {
  const isMapInMap = def.type === mapTypeId("array_of_maps") || def.type === mapTypeId("hash_of_maps");
  const isProgArray = def.type === mapTypeId("prog_array");
  const what = isMapInMap ? "map-in-map inner" : "prog-array value";
  if (isInner) refuse("multi-level inner maps not supported.", ENOTSUP);
  if (!isLast) refuse(`'${member.name}' member should be last.`);
  if (!isMapInMap && !isProgArray) refuse("should be map-in-map or prog-array.", ENOTSUP);
  if (def.valueSize && def.valueSize !== 4) refuse(`conflicting value size ${def.valueSize} != 4.`);
  def.valueSize = 4;
  const array = btf.type(member.type);
  if (!array) return refuse(`${what} type [${member.type}] not found.`);
  if (array.kind !== BtfKind.ARRAY || array.nelems !== 0) return refuse(`${what} spec is not a zero-sized array.`);
  const pointer = btf.resolve(array.elemType);
  if (pointer?.kind !== BtfKind.PTR) return refuse(`${what} def is of unexpected kind ${KIND_NAMES[pointer?.kind ?? 0]}.`);
  const target = btf.resolve(pointer.type);
  if (isProgArray) {
    if (target?.kind !== BtfKind.FUNC_PROTO) refuse(`prog-array value def is of unexpected kind ${KIND_NAMES[target?.kind ?? 0]}.`);
    return;
  }
  if (target?.kind !== BtfKind.STRUCT) return refuse(`map-in-map inner def is of unexpected kind ${KIND_NAMES[target?.kind ?? 0]}.`);
  def.inner = parseMapDef(btf, `${mapName}.inner`, target, true, log);
}
