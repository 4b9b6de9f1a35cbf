import type { InsnIdx } from "../base/brand.ts";
import { err, ok, type Result } from "../base/result.ts";
import { POISON_CORE } from "../btf/core-patch.ts";
import { isHelperCall, isKfuncCall, isSubprogCall } from "../isa/insn.ts";
import type { Insn } from "../isa/types.ts";
import { kernelFor } from "../kernel/lab/views.ts";
import { deprecationWarnings } from "../kernel/policy.ts";
import type { Kernel, KfuncEntry } from "../kernel/types.ts";
import { findAttachTarget } from "./attach.ts";
import { createMap, mapToCreate, type CheckMapsOptions } from "./check-maps.ts";
import { relocateCore, type RelocatedCode } from "./core.ts";
import { relocateData } from "./data-relocs.ts";
import { fixFuncInfo } from "./fix-func-info.ts";
import type { Func, LoaderMap, ObjectInternals, OpenedObject } from "./internals.ts";
import { layOut, type Layout } from "./layout.ts";
import { API_VERSION_SECTION } from "./collect.ts";
import { EINVAL, ENOTSUP, LoadLog, toLoadError } from "./refusal.ts";
import { resolveExterns } from "./resolve-externs.ts";
import { loadBtf } from "./sanitize-btf.ts";
import { vmlinuxBtf, type LoadSession } from "./session.ts";
import { bindStructOps, type StructOpsBinding } from "./struct-ops.ts";
import type { BoundCall, BoundMap, BoundProgram, LoadError, MapSpec, ObjectSpec } from "./types.ts";
import { POISON_CALL_KFUNC_BASE, POISON_LDIMM64_MAP_BASE } from "./uapi.ts";

export interface BindOptions extends CheckMapsOptions {
  /** false: don't ask whether the kernel creates the object's maps; default true */
  checkMaps?: boolean;
}

/**
 * Makes of one program of an object what libbpf would give to BPF_PROG_LOAD on that kernel, as a loader does in which only
 * that program is enabled (libbpf bpf_object_prepare and libbpf_prepare_prog_load): externs and struct_ops types of the
 * whole object are resolved, all maps must be creatable, CO-RE is applied, subprograms are appended. Nothing of `spec`
 * is changed. What libbpf refuses is refused in its words; stage tells where.
 */
export function bindProgram(spec: ObjectSpec, programName: string, kernel: Kernel, options: BindOptions = {}): Result<BoundProgram, LoadError> {
  const log = new LoadLog();
  try {
    const internals = (spec as Partial<OpenedObject>).internals;
    if (!internals) return log.refuse("the object was not opened by openObject", { stage: "open" });
    log.lines.push(...internals.log);
    const view = kernelFor(kernel, spec.apiVersion ?? 0);
    if (!view.ok) return log.refuse(view.error, { stage: "resolve", errno: ENOTSUP, subject: { kind: "section", name: API_VERSION_SECTION } });
    const session: LoadSession = { object: internals, kernel: view.value, log, moduleIndex: [null] };
    return ok(bind(session, labTyped(spec, programName, view.value), programName, options));
  } catch (thrown) {
    return err(toLoadError(thrown, log, "resolve"));
  }
}

/** A program type of a custom kernel is known by its section only where that kernel is. */
function labTyped(spec: ObjectSpec, programName: string, kernel: Kernel): ObjectSpec {
  const types = kernel.policy?.programTypes;
  if (!types || types.size === 0) return spec;
  const programs = spec.programs.map((program) => {
    if (program.name !== programName || program.type !== undefined) return program;
    const type = [...types.values()].find((t) => t.section === program.section);
    return type ? { ...program, type: type.name } : program;
  });
  return { ...spec, programs };
}

function bind(session: LoadSession, spec: ObjectSpec, programName: string, options: BindOptions): BoundProgram {
  const { object, kernel, log } = session;
  const program = spec.programs.find((one) => one.name === programName);
  const main = object.funcs.find((func) => !func.isSubprog && func.name === programName);
  if (!program || !main) return log.refuse(`prog '${programName}': there is no program of that name in the object`, { stage: "open", errno: "-ENOENT" });
  if (needsVmlinuxBtf(object, main)) vmlinuxBtf(session);

  const kconfig = object.maps[object.kconfigMap]?.spec.initialData?.slice();
  const externs = resolveExterns(session, kconfig);
  const structOps = bindStructOps(session);
  const enabled = (func: Func): boolean => func === main || func.isSubprog || structOps.targets.has(func);
  const core = relocateCore(session, enabled);
  const layout = layOut(session, main, (func) => core.insns.get(func) ?? func.insns);

  const { maps: wanted, indexOf } = mapsOf(session, structOps, kconfig, options);
  relocateData(session, layout, externs, wanted, indexOf);
  const btf = loadBtf(session);
  if (btf) fixFuncInfo(session, layout, btf, program);
  const maps = options.checkMaps === false ? wanted : wanted.map((map) => (map.type === "insn_array" ? map : createMap(map, btf, kernel, log)));

  if (program.type === undefined) {
    return log.refuse(`prog '${main.name}': missing BPF prog type, check ELF section name '${main.section}'`, { errno: EINVAL, subject: { kind: "section", name: main.section } });
  }
  const target = structOps.targets.get(main);
  if (program.type === "struct_ops" && !target) {
    log.warn(`prog '${main.name}': SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?`);
  }
  const attach = findAttachTarget(session, main, program.attachTo);
  const { calls, kfuncs } = callsOf(session, layout);
  knownToKernel(session, program.type, main.name);
  return {
    name: main.name,
    type: program.type,
    attachType: main.def?.usdt && kernel.has("uprobe_multi_link") ? "trace_uprobe_multi" : program.attachType,
    attachTo: program.attachTo,
    attachBtfId: target?.typeId ?? attach?.id ?? 0,
    attachBtf: target?.btf ?? attach?.btf ?? null,
    structOpsMember: target && { typeName: target.typeName, member: target.member, memberIndex: target.memberIndex },
    sleepable: program.sleepable,
    flags: program.flags,
    license: spec.license,
    apiVersion: spec.apiVersion ?? 0,
    gplCompatible: isGplCompatible(spec.license),
    insns: layout.insns,
    maps,
    kfuncModules: session.moduleIndex,
    kfuncs,
    calls,
    funcInfo: btf ? layout.funcInfo : [],
    lineInfo: btf ? layout.lineInfo : [],
    unseenLineInfo: btf ? undefined : layout.lineInfo,
    subprogs: new Map(layout.parts.map(({ func, at }) => [at, func.name])),
    poisoned: poisonedBy(object, layout, core),
    btf,
    warnings: [...log.lines, ...deprecationWarnings(kernel, kfuncs.map((kfunc) => kfunc.name))],
  };
}

/** What stood at each call that libbpf put in place of something it could not resolve (libbpf fixup_verifier_log). */
function poisonedBy(object: ObjectInternals, layout: Layout, core: RelocatedCode): Map<InsnIdx, string> {
  const poisoned = new Map<InsnIdx, string>();
  for (const { at, reloc } of layout.relocs) {
    const imm = layout.insns[at]?.imm ?? 0;
    if (reloc.kind === "extern_call" && imm === POISON_CALL_KFUNC_BASE + reloc.ext) poisoned.set(at, `kfunc '${object.externs[reloc.ext]?.name ?? ""}' is referenced but wasn't resolved`);
    if ((reloc.kind === "map" || reloc.kind === "data") && imm === POISON_LDIMM64_MAP_BASE + reloc.map) {
      poisoned.set(at, `BPF map '${object.maps[reloc.map]?.spec.name ?? ""}' is referenced but wasn't created`);
    }
  }
  for (const { func, at } of layout.parts) {
    for (const [insn, spec] of core.specs.get(func) ?? []) {
      if (layout.insns[at + insn]?.imm === POISON_CORE) poisoned.set(at + insn, `failed to resolve CO-RE relocation ${spec}`);
    }
  }
  return poisoned;
}

/** libbpf obj_needs_vmlinux_btf */
function needsVmlinuxBtf(object: ObjectInternals, main: Func): boolean {
  if ((object.ext?.coreRelos.length ?? 0) > 0) return true;
  if (object.externs.some((extern) => extern.kind === "ksym" && extern.typeId !== 0)) return true;
  const type = main.def?.type;
  return type === "struct_ops" || type === "lsm" || type === "tracing" || object.maps.some((map) => map.structOps);
}

/** A program of a type that the release has not gets EINVAL from the system call, before any verifier (kernel bpf_prog_load, find_prog_type). */
function knownToKernel({ kernel, log }: LoadSession, type: string, name: string): void {
  if (kernel.policy?.programTypes.has(type) || kernel.manifest.progTypes.some((known) => known.name === type && known.supported)) return;
  log.refuse(`prog '${name}': BPF program load failed: ${EINVAL}`, { stage: "resolve", errno: EINVAL, subject: { kind: "section", name: type } });
}

/** The object's maps that get created, in its order, as this kernel gets them. */
function mapsOf({ object, kernel }: LoadSession, structOps: StructOpsBinding, kconfig: Uint8Array | undefined, options: BindOptions): { maps: BoundMap[]; indexOf: (map: number) => number } {
  const maps: BoundMap[] = [];
  const indexes: number[] = object.maps.map((map, i) => {
    // per-CPU global data are only there where programs can have their address (libbpf bpf_object__create_maps, FEAT_PERCPU_DATA)
    if (!map.autocreate || (map.kind === "percpu" && !kernel.has("percpu_data"))) return -1;
    const spec = i === object.kconfigMap ? { ...map.spec, initialData: kconfig } : withStructOps(map, structOps);
    maps.push({ ...mapToCreate(spec, options), index: maps.length });
    return maps.length - 1;
  });
  return { maps, indexOf: (map) => indexes[map] ?? -1 };
}

function withStructOps(map: LoaderMap, structOps: StructOpsBinding): MapSpec {
  const kernel = structOps.maps.get(map);
  return kernel ? { ...map.spec, valueSize: kernel.valueSize, valueTypeId: 0, initialData: kernel.value } : map.spec;
}

function callsOf(session: LoadSession, layout: Layout): { calls: BoundCall[]; kfuncs: KfuncEntry[] } {
  const { kernel } = session;
  const calls: BoundCall[] = [];
  const kfuncs = new Map<string, KfuncEntry>();
  const names = new Map(layout.parts.map(({ func, at }) => [at, func.name]));
  for (const [insn, code] of (layout.insns as readonly Insn[]).entries()) {
    if (isHelperCall(code)) {
      calls.push({ insn, kind: "helper", id: code.imm, name: kernel.helper(code.imm)?.name ?? "unknown" });
    } else if (isSubprogCall(code)) {
      const to = insn + 1 + code.imm;
      calls.push({ insn, kind: "subprog", id: to, name: names.get(to) ?? "" });
    } else if (isKfuncCall(code)) {
      const module = session.moduleIndex[code.off] ?? null;
      const btf = module === null ? kernel.btf : kernel.modules.get(module);
      const entry = kernel.kfuncById(module, code.imm);
      const type = btf?.type(code.imm);
      calls.push({ insn, kind: "kfunc", id: code.imm, name: entry?.name ?? type?.name ?? "" });
      if (entry) kfuncs.set(`${module ?? ""}:${entry.name}`, entry);
    }
  }
  return { calls, kfuncs: [...kfuncs.values()] };
}

/** include/linux/license.h license_is_gpl_compatible */
export function isGplCompatible(license: string): boolean {
  return ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"].includes(license);
}
