import { KIND_NAMES, BTF_GLOBAL, BTF_STATIC } from "../btf/constants.ts";
import type { OverlayBtf } from "../btf/overlay.ts";
import { BtfKind } from "../btf/types.ts";
import type { ElfFile } from "../elf/types.ts";
import { type Collected, isDataUse } from "./collect.ts";
import type { Extern, LoaderMap } from "./internals.ts";
import { parseMapDef, type MapDef } from "./map-def.ts";
import { E2BIG, EINVAL, ENOENT, ENOTSUP, type LoadLog } from "./refusal.ts";
import type { MapSpec } from "./types.ts";
import { BPF_F_LINK, BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_OBJ_NAME_LEN, PAGE_SIZE, mapTypeId, mapTypeName } from "./uapi.ts";

/** .bss and .data are memory of the loading process: more than this is refused rather than allocated. */
const MAX_INTERNAL_MAP = 1 << 30;

/** All maps of the object in libbpf's order: .maps, global data, .kconfig, struct_ops (bpf_object__init_maps). */
export function collectMaps(elf: ElfFile, btf: OverlayBtf | null, collected: Collected, externs: readonly Extern[], objectName: string, log: LoadLog): { maps: LoaderMap[]; arenaMap: number } {
  const maps: LoaderMap[] = [];
  if (collected.mapsIndex >= 0 && btf) userMaps(elf, btf, collected, maps, log);
  const arenaMap = findArena(elf, collected, maps, log);
  for (const section of elf.sections) {
    const use = collected.uses[section.index];
    if (!isDataUse(use)) continue;
    if (section.size === 0) continue;
    if (section.size > MAX_INTERNAL_MAP) log.refuse(`failed to alloc map '${section.name}' content buffer: -ENOMEM`, { errno: "-ENOMEM", subject: { kind: "map", name: section.name } });
    const data = use === "bss" ? new Uint8Array(section.size) : section.data;
    maps.push(internalMap(btf, use, section.name, section.index, data, objectName));
  }
  const last = externs.filter((extern) => extern.kconfig).at(-1)?.kconfig;
  if (last) maps.push(internalMap(btf, "kconfig", ".kconfig", -1, new Uint8Array(last.offset + last.size), objectName));
  if (btf) for (const section of elf.sections) if (collected.uses[section.index] === "struct_ops") structOpsMaps(btf, section.name, section.index, section.data, maps, log);
  return { maps, arenaMap };
}

function userMaps(elf: ElfFile, btf: OverlayBtf, collected: Collected, maps: LoaderMap[], log: LoadLog): void {
  const data = elf.sections[collected.mapsIndex];
  const sectionId = btf.find(BtfKind.DATASEC, ".maps");
  const section = sectionId === undefined ? undefined : btf.type(sectionId);
  if (section?.kind !== BtfKind.DATASEC || !data) log.refuse("DATASEC '.maps' not found.", { errno: ENOENT });
  for (const [i, info] of section.secinfos.entries()) {
    const variable = btf.type(info.type);
    const name = variable && "name" in variable ? variable.name : "";
    const subject = { kind: "map" as const, name };
    if (name === "") log.refuse(`map #${i}: empty name.`, { errno: EINVAL });
    if (info.offset + info.size > data.size) log.refuse(`map '${name}' BTF data is corrupted.`, { errno: EINVAL, subject });
    if (variable?.kind !== BtfKind.VAR) log.refuse(`map '${name}': unexpected var kind ${KIND_NAMES[variable?.kind ?? 0]}.`, { errno: EINVAL, subject });
    if (variable.linkage !== BTF_GLOBAL) {
      log.refuse(`map '${name}': unsupported map linkage ${["static", "global", "extern"][variable.linkage] ?? "unknown"}.`, { errno: ENOTSUP, subject });
    }
    const type = btf.resolve(variable.type);
    if (type?.kind !== BtfKind.STRUCT) log.refuse(`map '${name}': unexpected def kind ${KIND_NAMES[variable.kind]}.`, { errno: EINVAL, subject });
    if (type.size > info.size) log.refuse(`map '${name}': invalid def size.`, { errno: EINVAL, subject });
    const def = parseMapDef(btf, name, type, false, log);
    const spec = specOf(name, ".maps", def);
    if (def.inner) spec.inner = specOf(`${name}.inner`, ".maps", def.inner);
    maps.push({ spec, kind: "user", sectionIndex: data.index, sectionOffset: info.offset, autocreate: true, varSize: info.size });
  }
}

function specOf(name: string, section: string, def: MapDef): MapSpec {
  const type = mapTypeName(def.type);
  const isRing = type === "ringbuf" || type === "user_ringbuf";
  return {
    name, section, type, typeId: def.type, keySize: def.keySize, valueSize: def.valueSize, maxEntries: isRing ? ringbufSize(def.maxEntries) : def.maxEntries,
    flags: def.flags, numaNode: def.hasNumaNode ? def.numaNode : undefined, pinning: def.pinning || undefined, mapExtra: def.mapExtra,
    keyTypeId: def.keyTypeId, valueTypeId: def.valueTypeId, readonly: false,
  };
}

/** The next power of two of pages (libbpf adjust_ringbuf_sz). */
function ringbufSize(size: number): number {
  if (size === 0) return 0;
  const pages = size / PAGE_SIZE;
  if (Number.isInteger(pages) && (pages & (pages - 1)) === 0) return size;
  for (let pow = 1; pow <= 0xffff_ffff / PAGE_SIZE; pow *= 2) if (pow * PAGE_SIZE > size) return pow * PAGE_SIZE;
  return size;
}

function findArena(elf: ElfFile, collected: Collected, maps: readonly LoaderMap[], log: LoadLog): number {
  const arenas = maps.map((map, i) => ({ map, i })).filter(({ map }) => map.spec.type === "arena");
  const [first, second] = arenas;
  if (first && second) {
    log.refuse(`map '${second.map.spec.name}': only single ARENA map is supported (map '${first.map.spec.name}' is also ARENA)`, { errno: EINVAL, subject: { kind: "map", name: second.map.spec.name } });
  }
  const data = collected.arenaIndex ? elf.sections[collected.arenaIndex] : undefined;
  if (data && !first) {
    log.refuse("elf: sec '.addr_space.1': to use global __arena variables the ARENA map should be explicitly declared in SEC(\".maps\")", { errno: ENOENT });
  }
  if (data && first) {
    const room = PAGE_SIZE * first.map.spec.maxEntries;
    if (Math.ceil(data.size / PAGE_SIZE) * PAGE_SIZE > room) {
      log.refuse(`elf: sec '.addr_space.1': declared ARENA map size (${room}) is too small to hold global __arena variables of size ${data.size}`, { errno: E2BIG });
    }
    first.map.spec.initialData = data.data;
  }
  return first?.i ?? -1;
}

function internalMap(btf: OverlayBtf | null, kind: LoaderMap["kind"], section: string, sectionIndex: number, data: Uint8Array, objectName: string): LoaderMap {
  const readonly = kind === "rodata" || kind === "kconfig";
  const percpu = kind === "percpu";
  const valueTypeId = btf?.named(section)[0] ?? 0;
  const type = valueTypeId ? btf?.type(valueTypeId) : undefined;
  const mmapable = !percpu && type?.kind === BtfKind.DATASEC && type.secinfos.some((info) => {
    const variable = btf?.type(info.type);
    return variable?.kind === BtfKind.VAR && variable.linkage !== BTF_STATIC;
  });
  return {
    kind, sectionIndex, sectionOffset: 0, autocreate: true, varSize: 0,
    spec: {
      name: internalMapName(percpu ? "" : objectName, section), section, type: percpu ? "percpu_array" : "array", typeId: mapTypeId(percpu ? "percpu_array" : "array"), keySize: 4, valueSize: data.length, maxEntries: 1,
      flags: (readonly ? BPF_F_RDONLY_PROG : 0) | (mmapable ? BPF_F_MMAPABLE : 0), mapExtra: 0n, keyTypeId: 0, valueTypeId, initialData: data, readonly,
    },
  };
}

/** "my_objec.rodata": what of the object's name fits before the section's (libbpf internal_map_name). */
export function internalMapName(objectName: string, section: string): string {
  const suffix = Math.min(Math.max(7, section.length), BPF_OBJ_NAME_LEN - 1);
  const prefix = section.indexOf(".", 1) >= 0 ? 0 : Math.min(BPF_OBJ_NAME_LEN - suffix - 1, objectName.length);
  return (objectName.slice(0, prefix) + section.slice(0, suffix)).replace(/[^A-Za-z0-9_.]/g, "_");
}

function structOpsMaps(btf: OverlayBtf, section: string, sectionIndex: number, bytes: Uint8Array, maps: LoaderMap[], log: LoadLog): void {
  const datasecId = btf.find(BtfKind.DATASEC, section);
  const datasec = datasecId === undefined ? undefined : btf.type(datasecId);
  if (datasec?.kind !== BtfKind.DATASEC) log.refuse(`struct_ops init: DATASEC ${section} not found`, { errno: EINVAL });
  const plain = section.replace(/^\?/, "");
  for (const [i, info] of datasec.secinfos.entries()) {
    const variable = btf.type(info.type);
    const type = variable?.kind === BtfKind.VAR ? btf.resolve(variable.type) : undefined;
    if (variable?.kind !== BtfKind.VAR || !type || type.kind === BtfKind.VOID) log.refuse(`struct_ops init: Cannot resolve var type_id ${info.type} in DATASEC ${section}`, { errno: EINVAL });
    if (type.name === "") log.refuse("struct_ops init: anonymous type is not supported", { errno: ENOTSUP });
    if (type.kind !== BtfKind.STRUCT) log.refuse(`struct_ops init: ${type.name} is not a struct`, { errno: EINVAL });
    if (info.offset + type.size > bytes.length) log.refuse(`struct_ops init: var ${variable.name} is beyond the end of DATASEC ${plain}`, { errno: EINVAL });
    maps.push({
      kind: "struct_ops", sectionIndex, sectionOffset: info.offset, varSize: type.size,
      // libbpf looks for the "?" once a section and drops it after the first map
      autocreate: !(section.startsWith("?") && i === 0),
      spec: {
        name: variable.name, section: plain, type: "struct_ops", typeId: mapTypeId("struct_ops"), keySize: 4, valueSize: type.size, maxEntries: 1,
        flags: plain === ".struct_ops.link" ? BPF_F_LINK : 0, mapExtra: 0n, keyTypeId: 0, valueTypeId: type.id, readonly: false,
        structOps: { typeName: type.name, programs: {} },
      },
      structOps: { typeId: type.id, data: bytes.slice(info.offset, info.offset + type.size), programs: new Array<null>(type.members.length).fill(null) },
    });
  }
}
