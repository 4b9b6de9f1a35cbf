import { err, ok, type Result } from "../base/result.ts";
import { parseBtfExt, type BtfExt } from "../btf/ext.ts";
import { OverlayBtf } from "../btf/overlay.ts";
import { parseBtf } from "../btf/parse.ts";
import type { StoredBtf } from "../btf/stored.ts";
import { parseElf } from "../elf/parse.ts";
import { collectSections, type Collected } from "./collect.ts";
import { fixDatasecs } from "./datasec.ts";
import { collectExterns } from "./externs.ts";
import type { Func, OpenedObject } from "./internals.ts";
import { collectMaps } from "./maps.ts";
import { EINVAL, LoadLog, toLoadError } from "./refusal.ts";
import { collectRelocs } from "./relocs.ts";
import type { LoadError, ObjectSpec, ProgramSpec } from "./types.ts";
import { BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS } from "./uapi.ts";

export interface OpenOptions {
  /** name of the object, as libbpf takes it from the file's name up to its first dot; internal maps are named after it. Default "object" */
  name?: string;
}

/**
 * Reads an object file as libbpf 1.7 opens one (bpf_object_open): everything that does not depend on a kernel. What libbpf
 * refuses is refused in its words, with stage "open"; bytes that are no sound object end the same way.
 */
export function openObject(bytes: Uint8Array, options: OpenOptions = {}): Result<ObjectSpec, LoadError> {
  const log = new LoadLog();
  try {
    return ok(open(bytes, options.name ?? "object", log));
  } catch (thrown) {
    return err(toLoadError(thrown, log, "open"));
  }
}

function open(bytes: Uint8Array, name: string, log: LoadLog): OpenedObject {
  const parsed = parseElf(bytes);
  if (!parsed.ok) log.refuse(parsed.error.message, { errno: "-4001", subject: { kind: "elf", name } });
  const elf = parsed.value;
  const collected = collectSections(elf, log);
  const { rawBtf, ext } = readBtf(collected, elf.symbols.some((symbol) => symbol.shndx === 0 && symbol.index > 0 && symbol.bind !== 0), log);
  const btf = rawBtf && new OverlayBtf(rawBtf);
  const externs = collectExterns(elf, btf, log);
  if (btf) fixDatasecs(elf, btf);
  const { maps, arenaMap } = collectMaps(elf, btf, collected, externs, name.slice(0, 15), log);
  collectRelocs({ elf, btf, collected, maps, arenaMap, externs, log });
  const kconfigMap = maps.findIndex((map) => map.kind === "kconfig");
  return {
    license: collected.license,
    kernVersion: collected.kernVersion,
    apiVersion: collected.apiVersion,
    btf,
    programs: collected.funcs.filter((func) => !func.isSubprog).map(programSpec),
    maps: maps.map((map) => map.spec),
    externs: externs.map(({ name: externName, kind, isFunc, weak, btfId }) => ({
      name: externName, weak, typeId: btfId, kind: kind === "kconfig" ? "kconfig" : isFunc ? "ksym_func" : "ksym_var",
    })),
    internals: {
      elf, rawBtf, btf, ext, funcs: collected.funcs, maps, externs, textIndex: collected.textIndex, kconfigMap, arenaMap,
      arenaDataSize: collected.arenaIndex ? (elf.sections[collected.arenaIndex]?.size ?? 0) : 0,
      jumpTables: collected.jumpTablesIndex ? (elf.sections[collected.jumpTablesIndex]?.data ?? null) : null,
      hasStructOps: collected.hasStructOps, log: log.lines, kernelBtf: new Map(),
    },
  };
}

/** libbpf bpf_object__init_btf: broken BTF only matters where something needs it. */
function readBtf(collected: Collected, hasExterns: boolean, log: LoadLog): { rawBtf: StoredBtf | null; ext: BtfExt | null } {
  const subject = { kind: "btf" as const, name: ".BTF" };
  const needed = collected.mapsIndex >= 0 || collected.hasStructOps;
  const missing = (): void => {
    if (needed) log.refuse("BTF is required, but is missing or corrupted.", { errno: EINVAL, subject });
  };
  if (!collected.btf) {
    missing();
    return { rawBtf: null, ext: null };
  }
  const parsed = parseBtf(collected.btf.data);
  if (!parsed.ok) {
    log.warn(parsed.error.message);
    const line = "Error loading ELF section .BTF: -EINVAL.";
    log.warn(line);
    if (needed || hasExterns) log.refuse("BTF is required, but is missing or corrupted.", { errno: EINVAL, subject });
    return { rawBtf: null, ext: null };
  }
  if (!collected.btfExt) return { rawBtf: parsed.value, ext: null };
  const ext = parseBtfExt(collected.btfExt.data);
  if (!ext.ok) {
    log.warn(ext.error.message);
    log.warn("Error loading ELF section .BTF.ext: -EINVAL. Ignored and continue.");
    missing();
    return { rawBtf: parsed.value, ext: null };
  }
  return { rawBtf: parsed.value, ext: ext.value };
}

function programSpec(func: Func): ProgramSpec {
  const { def } = func;
  const slash = func.section.indexOf("/");
  return {
    name: func.name,
    section: func.section,
    type: def?.type,
    attachType: def?.attachType ?? null,
    attachTo: def?.detail && slash >= 0 ? func.section.slice(slash + 1) : null,
    sleepable: def?.sleepable ?? false,
    autoload: func.autoload,
    flags: (def?.sleepable ? BPF_F_SLEEPABLE : 0) | (def?.frags ? BPF_F_XDP_HAS_FRAGS : 0),
    sectionIndex: func.sectionIndex,
    sectionOffset: func.secInsnOff * 8,
    insns: func.insns,
  };
}
