import type { BtfId } from "../base/brand.ts";
import { BTF_EXTERN, BTF_GLOBAL } from "../btf/constants.ts";
import { essentialName } from "../btf/core-names.ts";
import type { OverlayBtf } from "../btf/overlay.ts";
import { BtfKind, type Btf, type BtfOf } from "../btf/types.ts";
import { alignOf } from "../btf/walk.ts";
import { SHN_UNDEF, STB_GLOBAL, STB_WEAK, STT_NOTYPE } from "../elf/constants.ts";
import type { ElfFile, ElfSymbol } from "../elf/types.ts";
import type { Extern, KconfigType } from "./internals.ts";
import { EINVAL, ENOENT, ENOTSUP, ESRCH, type LoadLog } from "./refusal.ts";

export function isExternSymbol(symbol: ElfSymbol): boolean {
  return symbol.shndx === SHN_UNDEF && (symbol.bind === STB_GLOBAL || symbol.bind === STB_WEAK) && symbol.type === STT_NOTYPE;
}

/**
 * Finds the object's externs and gives .ksyms and .kconfig the shape the kernel takes: each ksym a 4-byte variable,
 * each kconfig variable an offset (libbpf bpf_object__collect_externs).
 */
export function collectExterns(elf: ElfFile, btf: OverlayBtf | null, log: LoadLog): Extern[] {
  const externs: Extern[] = [];
  const dummyVar = btf ? addDummyKsymVar(btf) : 0;
  let sections: Map<BtfId, BtfId> | undefined;
  let ksyms: BtfOf<typeof BtfKind.DATASEC> | undefined;
  let kconfig: BtfOf<typeof BtfKind.DATASEC> | undefined;
  for (const symbol of elf.symbols) {
    if (!isExternSymbol(symbol) || symbol.name === "") continue;
    const { name } = symbol;
    const found = findExtern(btf, name);
    if (typeof found === "string" || !btf) {
      log.refuse(`failed to find BTF for extern '${name}': ${{ [ESRCH]: -3, [EINVAL]: -22, [ENOENT]: -2 }[found as string] ?? found}`, { errno: found as string, subject: { kind: "ksym", name } });
    }
    const type = btf.type(found) as BtfOf<typeof BtfKind.VAR> | BtfOf<typeof BtfKind.FUNC>;
    sections ??= sectionsOf(btf);
    const sectionId = sections.get(found);
    if (sectionId === undefined) log.refuse(`failed to find BTF for extern '${name}' [${found}] section: -2`, { errno: ENOENT, subject: { kind: "ksym", name } });
    const section = btf.type(sectionId) as BtfOf<typeof BtfKind.DATASEC>;
    const isFunc = type.kind === BtfKind.FUNC;
    const extern: Extern = { name, kind: "ksym", symIndex: symbol.index, weak: symbol.bind === STB_WEAK, btfId: found, isFunc, essential: essentialName(name), typeId: 0 };
    if (section.name === ".kconfig") {
      if (isFunc) log.refuse(`extern function ${name} is unsupported under .kconfig section`, { errno: ENOTSUP, subject: { kind: "kconfig", name } });
      kconfig = section;
      extern.kind = "kconfig";
      extern.kconfig = kconfigShape(btf, name, type.type, log);
    } else if (section.name === ".ksyms") {
      ksyms = section;
      extern.typeId = btf.resolve(type.type)?.id ?? 0;
    } else {
      log.refuse(`unrecognized extern section '${section.name}'`, { errno: ENOTSUP, subject: { kind: "ksym", name } });
    }
    externs.push(extern);
  }
  externs.sort(compareExterns);
  if (btf && ksyms) fixKsyms(btf, ksyms, externs, dummyVar, log);
  if (btf && kconfig) fixKconfig(btf, kconfig, externs, log);
  return externs;
}

function findExtern(btf: Btf | null, name: string): BtfId | string {
  if (!btf) return ESRCH;
  for (const id of btf.named(name)) {
    const type = btf.type(id);
    if (type?.kind !== BtfKind.VAR && type?.kind !== BtfKind.FUNC) continue;
    return type.linkage === BTF_EXTERN ? id : EINVAL;
  }
  return ENOENT;
}

/** Variable or function → the first DATASEC that lists it. */
function sectionsOf(btf: Btf): Map<BtfId, BtfId> {
  const sections = new Map<BtfId, BtfId>();
  for (let section = 1; section < btf.count; section++) {
    const type = btf.type(section);
    if (type?.kind !== BtfKind.DATASEC) continue;
    for (const info of type.secinfos) if (!sections.has(info.type)) sections.set(info.type, section);
  }
  return sections;
}

/** First 32-bit INT; 0 when there is none. */
function findInt(btf: Btf): BtfId {
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (type?.kind === BtfKind.INT && type.bits === 32) return id;
  }
  return 0;
}

/** Functions cannot stand in a DATASEC: a variable does in their place. */
function addDummyKsymVar(btf: OverlayBtf): BtfId {
  const id = btf.find(BtfKind.DATASEC, ".ksyms");
  const section = id === undefined ? undefined : btf.type(id);
  if (section?.kind !== BtfKind.DATASEC || !section.secinfos.some((info) => btf.type(info.type)?.kind === BtfKind.FUNC)) return 0;
  const int = findInt(btf);
  return btf.add((own) => ({ kind: BtfKind.VAR, id: own, name: "dummy_ksym", type: int, linkage: BTF_GLOBAL }));
}

function kconfigShape(btf: Btf, name: string, typeId: BtfId, log: LoadLog): NonNullable<Extern["kconfig"]> {
  const subject = { kind: "kconfig" as const, name };
  const size = btf.sizeOf(typeId);
  if (size === undefined || size <= 0) log.refuse(`failed to resolve size of extern (kcfg) '${name}': ${size ?? -22}`, { errno: EINVAL, subject });
  const align = alignOf(btf, typeId);
  if (!align) log.refuse(`failed to determine alignment of extern (kcfg) '${name}': 0`, { errno: EINVAL, subject });
  const { type, signed } = kconfigType(btf, typeId, 0);
  if (type === "unknown") log.refuse(`extern (kcfg) '${name}': type is unsupported`, { errno: ENOTSUP, subject });
  return { type, signed, size, align, offset: 0 };
}

function kconfigType(btf: Btf, id: BtfId, depth: number): { type: KconfigType; signed: boolean } {
  const type = btf.resolve(id);
  switch (type?.kind) {
    case BtfKind.INT:
      if (type.bool) return { type: type.size === 1 ? "bool" : "unknown", signed: false };
      if (type.size === 1) return { type: "char", signed: type.signed };
      return { type: [2, 4, 8].includes(type.size) ? "int" : "unknown", signed: type.signed };
    case BtfKind.ENUM:
      return { type: type.size === 4 && type.name === "libbpf_tristate" ? "tristate" : "unknown", signed: false };
    case BtfKind.ENUM64:
      return { type: type.name === "libbpf_tristate" ? "tristate" : "unknown", signed: false };
    case BtfKind.ARRAY:
      if (type.nelems === 0 || depth > 4 || kconfigType(btf, type.elemType, depth + 1).type !== "char") return { type: "unknown", signed: false };
      return { type: "char_arr", signed: false };
    default:
      return { type: "unknown", signed: false };
  }
}

function compareExterns(a: Extern, b: Extern): number {
  if (a.kind !== b.kind) return a.kind === "kconfig" ? -1 : 1;
  if (a.kconfig && b.kconfig) {
    if (a.kconfig.align !== b.kconfig.align) return b.kconfig.align - a.kconfig.align;
    if (a.kconfig.size !== b.kconfig.size) return a.kconfig.size - b.kconfig.size;
  }
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function fixKsyms(btf: OverlayBtf, section: BtfOf<typeof BtfKind.DATASEC>, externs: readonly Extern[], dummyVar: BtfId, log: LoadLog): void {
  const int = findInt(btf);
  const names = new Set(externs.map((extern) => extern.name));
  const secinfos = section.secinfos.map((info, i) => {
    const type = btf.type(info.type);
    const name = type?.name ?? "";
    if (!names.has(name)) log.refuse(`failed to find extern definition for BTF ${type?.kind === BtfKind.FUNC ? "func" : "var"} '${name}'`, { errno: ESRCH });
    const place = { offset: 4 * i, size: 4 };
    if (type?.kind === BtfKind.FUNC) {
      const proto = btf.type(type.type);
      if (proto?.kind === BtfKind.FUNC_PROTO) {
        btf.replace(proto.id, { ...proto, params: proto.params.map((param) => (param.type !== 0 && param.name === "" ? { ...param, name: "dummy_ksym" } : param)) });
      }
      btf.replace(type.id, { ...type, linkage: BTF_GLOBAL });
      return { ...place, type: dummyVar };
    }
    if (type?.kind === BtfKind.VAR) btf.replace(type.id, { ...type, linkage: BTF_GLOBAL, type: int });
    return { ...place, type: info.type };
  });
  btf.replace(section.id, { ...section, secinfos, size: 4 * secinfos.length });
}

function fixKconfig(btf: OverlayBtf, section: BtfOf<typeof BtfKind.DATASEC>, externs: readonly Extern[], log: LoadLog): void {
  let end = 0;
  for (const { kconfig } of externs) {
    if (!kconfig) continue;
    kconfig.offset = Math.ceil(end / kconfig.align) * kconfig.align;
    end = kconfig.offset + kconfig.size;
  }
  const byName = new Map(externs.map((extern) => [extern.name, extern]));
  const secinfos = section.secinfos.map((info) => {
    const type = btf.type(info.type);
    const extern = byName.get(type?.name ?? "");
    if (!extern?.kconfig || type?.kind !== BtfKind.VAR) log.refuse(`failed to find extern definition for BTF var '${type?.name ?? ""}'`, { errno: ESRCH });
    btf.replace(type.id, { ...type, linkage: BTF_GLOBAL });
    return { ...info, offset: extern.kconfig.offset };
  });
  btf.replace(section.id, { ...section, secinfos, size: end });
}
