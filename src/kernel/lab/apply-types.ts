/** Operations on types and program types. */
import type { BtfId } from "../../base/brand.ts";
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { BtfKind } from "../../btf/types.ts";
import type { BtfOf, BtfMember } from "../../btf/types.ts";
import { nearestNames } from "../nearest.ts";
import type { OverlayChange } from "../overlay-schema.ts";
import type { HelperEntry } from "../types.ts";
import type { LabField, LabPointer, LabProgramType } from "./types.ts";
import type { Workbench } from "./workbench.ts";

type Op<K extends OverlayChange["op"]> = Extract<OverlayChange, { op: K }>;
type Struct = BtfOf<typeof BtfKind.STRUCT>;
const DONE: Result<null, string> = ok(null);
const MAX_PROGRAM_TYPES = 16;
const SIZES: Readonly<Record<string, number>> = { __u8: 1, __s8: 1, __u16: 2, __s16: 2, __u32: 4, __s32: 4, __u64: 8, __s64: 8 };
const INTS: Readonly<Record<string, string>> = {
  __u8: "unsigned char", __s8: "signed char", __u16: "short unsigned int", __s16: "short int", __u32: "unsigned int", __s32: "int",
  __u64: "long long unsigned int", __s64: "long long int",
};

/** Id of "__u32" and the like in the kernel's BTF; made up where it has none. */
function scalar(work: Workbench, name: string): BtfId {
  const layer = work.layer!;
  const size = SIZES[name]!;
  const int = layer.find(BtfKind.INT, INTS[name]!);
  return layer.find(BtfKind.TYPEDEF, name) ?? int
    ?? layer.add({ kind: BtfKind.INT, name: INTS[name]!, size, bits: size * 8, bitOffset: 0, signed: name.startsWith("__s"), char: false, bool: false });
}

interface Laid { name: string; type: string; count: number; off: number; size: number }

/** Places fields one after the other at their natural alignment, or where they say. */
function layOut(fields: readonly { name: string; type: string; count?: number; offset?: number }[], path: string): Result<{ fields: Laid[]; size: number }, string> {
  const out: Laid[] = [];
  let end = 0;
  let align = 1;
  for (const [i, field] of fields.entries()) {
    const unit = SIZES[field.type]!;
    const off = field.offset ?? Math.ceil(end / unit) * unit;
    if (off % unit !== 0) return err(`${path}.fields[${i}].offset: ${off} is no multiple of ${unit}, the size of ${field.type}`);
    if (off < end) return err(`${path}.fields[${i}].offset: ${off} lies inside the field before, which ends at ${end}`);
    if (out.some((f) => f.name === field.name)) return err(`${path}.fields[${i}].name: there is a field ${field.name} already`);
    const count = field.count ?? 1;
    out.push({ name: field.name, type: field.type, count, off, size: unit * count });
    end = off + unit * count;
    align = Math.max(align, unit);
  }
  if (end > 4096) return err(`${path}.fields: the struct takes ${end} bytes, at most 4096 are taken`);
  return ok({ fields: out, size: Math.ceil(end / align) * align });
}

/** `pointees`: names of structs by the name of the field that points to one. */
function addStruct(work: Workbench, name: string, laid: { fields: readonly Laid[]; size: number }, pointees: ReadonlyMap<string, string> = new Map()): void {
  const layer = work.layer;
  if (!layer) return;
  const index = scalar(work, "__u32");
  const members: BtfMember[] = laid.fields.map((f, i) => {
    const pointee = pointees.get(f.name);
    if (pointee !== undefined) {
      const struct = layer.find(BtfKind.STRUCT, pointee) ?? layer.add({ kind: BtfKind.FWD, name: pointee, union: false });
      return { name: f.name, type: layer.add({ kind: BtfKind.PTR, name: "", type: struct }), bitOffset: f.off * 8, bitfieldSize: 0 };
    }
    const element = scalar(work, f.type);
    const array = laid.fields[i]!.count > 1;
    const type = array ? layer.add({ kind: BtfKind.ARRAY, name: "", elemType: element, indexType: index, nelems: f.count }) : element;
    return { name: f.name, type, bitOffset: f.off * 8, bitfieldSize: 0 };
  });
  layer.add({ kind: BtfKind.STRUCT, name, size: laid.size, members, kindFlag: false });
}

export function addType(work: Workbench, change: Op<"add type">, path: string): Result<null, string> {
  const laid = layOut(change.fields, path);
  if (!laid.ok) return laid;
  if (work.layer?.find(BtfKind.STRUCT, change.struct) !== undefined) {
    work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has struct ${change.struct} already; its own is kept`);
    return DONE;
  }
  addStruct(work, change.struct, laid.value);
  work.record({ name: change.struct, kind: "type", what: "added", text: `struct ${change.struct} is added`, reason: null, path });
  return DONE;
}

/** The struct in the kernel's own BTF; a note says when it has none. */
function ownStruct(work: Workbench, name: string, path: string): Struct | null {
  const id = work.btf?.find(BtfKind.STRUCT, name);
  const type = id === undefined ? undefined : work.btf!.type(id);
  if (type?.kind === BtfKind.STRUCT) return type as Struct;
  if (work.btf) work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has no struct ${name}`);
  return null;
}

export function removeType(work: Workbench, change: Op<"remove type">, path: string): Result<null, string> {
  const struct = ownStruct(work, change.struct, path);
  if (!struct) return DONE;
  // Other types go on referring to it; under this name CO-RE finds nothing, not in a module's copy either.
  work.btf!.replace({ ...struct, name: `gone__${change.struct}` });
  for (const module of work.modules.values()) {
    for (const id of module.named(change.struct)) {
      const copy = id >= module.startId ? module.type(id) : undefined;
      if (copy?.kind === BtfKind.STRUCT) module.replace({ ...copy, name: `gone__${change.struct}` });
    }
  }
  work.record({ name: change.struct, kind: "type", what: "removed", text: `struct ${change.struct} is removed`, reason: change.reason ?? null, path });
  return DONE;
}

export function removeField(work: Workbench, change: Op<"remove field">, path: string): Result<null, string> {
  const struct = ownStruct(work, change.struct, path);
  if (!struct) return DONE;
  const done = dropMember(work, struct, change.field, 0);
  if (!done) {
    const near = nearestNames(change.field, struct.members.map((m) => m.name).filter((n) => n !== ""), 1)[0];
    work.notes.push(`${path}: struct ${change.struct} of kernel ${work.pack.manifest.kernel} has no field ${change.field}${near === undefined ? "" : ` (nearest: ${near})`}`);
    return DONE;
  }
  work.record({ name: `${change.struct}.${change.field}`, kind: "field", what: "removed", text: `${change.field} is removed from struct ${change.struct}`, reason: change.reason ?? null, path });
  return DONE;
}

function dropMember(work: Workbench, struct: Struct, field: string, depth: number): boolean {
  const members = struct.members.filter((m) => m.name !== field);
  if (members.length < struct.members.length) {
    work.btf!.replace({ ...struct, members });
    return true;
  }
  if (depth > 8) return false;
  return struct.members.some((m) => {
    const inner = m.name === "" ? work.btf!.resolve(m.type) : undefined;
    return (inner?.kind === BtfKind.STRUCT || inner?.kind === BtfKind.UNION) && dropMember(work, inner, field, depth + 1);
  });
}

export function programType(work: Workbench, change: Op<"program type">, path: string): Result<null, string> {
  const { name } = change;
  if (work.programTypes.size >= MAX_PROGRAM_TYPES) return err(`${path}: more than ${MAX_PROGRAM_TYPES} program types`);
  if (work.pack.manifest.progTypes.some((t) => t.name === name) || work.programTypes.has(name)) return err(`${path}.name: there is a program type ${name} already`);
  if ([...work.programTypes.values()].some((t) => t.section === change.section)) return err(`${path}.section: ${change.section} is another program type's already`);
  const laid = layOut(change.fields, path);
  if (!laid.ok) return laid;
  const fields: LabField[] = laid.value.fields.map((f, i) => {
    const { access, role = "scalar" } = change.fields[i]!;
    const pointer = pointerOf(work, change.fields[i]!);
    return { ...f, read: access !== "write", write: access !== "read", role, ...(pointer ? { pointer } : {}) };
  });
  for (const [i, f] of fields.entries()) {
    const { trust, mayBeNull } = change.fields[i]!;
    const at = `${path}.fields[${i}]`;
    if (!f.pointer && (trust !== undefined || mayBeNull !== undefined)) return err(`${at}.${trust === undefined ? "mayBeNull" : "trust"}: only a pointer has it; pointsTo is missing`);
    if (!f.pointer) continue;
    if (f.type !== "__u64" || f.count > 1 || f.write || !f.read || f.role !== "scalar") return err(`${at}: a field that points to struct ${f.pointer.struct} is one __u64 with access "read" and no role`);
    if (!f.pointer.known) work.notes.push(`${at}.pointsTo: kernel ${work.pack.manifest.kernel} has no struct ${f.pointer.struct}; programs cannot read the field`);
  }
  for (const [i, f] of fields.entries()) {
    if (f.role === "scalar") continue;
    if (f.type !== "__u32" || f.count > 1 || f.write || !f.read) return err(`${path}.fields[${i}]: a field that reads as ${f.role} is one __u32 with access "read"`);
    if (fields.filter((other) => other.role === f.role).length > 1) return err(`${path}.fields[${i}].role: there is a field ${f.role} already`);
  }
  if (change.returns && change.returns.min > change.returns.max) return err(`${path}.returns: min ${change.returns.min} is more than max ${change.returns.max}`);
  if (work.layer && work.layer.find(BtfKind.STRUCT, change.struct) !== undefined) return err(`${path}.struct: kernel ${work.pack.manifest.kernel} has a struct ${change.struct} already`);
  addStruct(work, change.struct, laid.value, new Map(fields.flatMap((f) => (f.pointer ? [[f.name, f.pointer.struct] as const] : []))));
  const packet = fields.some((f) => f.role === "data") ? (change.packet ?? "read") : null;
  const made: LabProgramType = {
    name, section: change.section, struct: change.struct, size: laid.value.size, fields, packet, returns: change.returns ?? null, about: change.about ?? null,
  };
  work.programTypes.set(name, made);
  work.contexts.push({ progType: name, attachType: null, struct: change.struct, fields: fields.flatMap(accesses) });
  allowHelpers(work, change, path);
  work.record({ name, kind: "program type", what: "added", text: `program type ${name} is added: SEC("${change.section}"), context struct ${change.struct}`, reason: change.about ?? null, path });
  return DONE;
}

function pointerOf(work: Workbench, { pointsTo, trust = "trusted", mayBeNull = false }: Op<"program type">["fields"][number]): LabPointer | null {
  return pointsTo === undefined ? null : { struct: pointsTo, trust, mayBeNull, known: work.layer?.find(BtfKind.STRUCT, pointsTo) !== undefined };
}

/** Every access that the verifier takes: whole elements, and parts of them for reading, as most contexts of the kernel allow. */
function accesses(field: LabField): { off: number; size: number; read: string | null; write: boolean }[] {
  if (field.role !== "scalar") return [{ off: field.off, size: 4, read: field.role === "data" ? "pkt" : "pkt_end", write: false }];
  const { pointer } = field;
  if (pointer) return [{ off: field.off, size: 8, read: pointer.known ? `${pointer.trust}_ptr_${pointer.struct}${pointer.mayBeNull ? "_or_null" : ""}` : null, write: false }];
  const unit = field.size / field.count;
  const out = [];
  for (let size = 1; size <= unit; size *= 2) {
    for (let off = field.off; off < field.off + field.size; off += size) out.push({ off, size, read: field.read ? "scalar" : null, write: field.write && size === unit });
  }
  return out;
}

function allowHelpers(work: Workbench, change: Op<"program type">, path: string): void {
  for (const name of change.helpers) {
    const helper = work.helperByName(name);
    if (helper) work.helpers.set(helper.id, allowed(helper, change.name));
    else work.notes.push(`${path}.helpers: kernel ${work.pack.manifest.kernel} has no helper ${name}`);
  }
}

/** With the prototype that packet programs get where there are several; context-bound variants make no sense here. */
function allowed(helper: HelperEntry, type: string): HelperEntry {
  const index = helper.allowed["socket_filter"] ?? helper.allowed["sched_cls"] ?? helper.allowed["xdp"] ?? Object.values(helper.allowed).find((i) => i >= 0) ?? 0;
  return { ...helper, allowed: { ...helper.allowed, [type]: index } };
}

/** Kfuncs of the release that a new program type may call too; after all other operations, so that the table is complete. */
export function allowKfuncs(work: Workbench, change: Op<"program type">, path: string): void {
  for (const name of change.kfuncs ?? []) {
    const entries = work.kfuncs.get(name);
    if (!entries) work.present(name, `${path}.kfuncs`, "to allow");
    else work.kfuncs.set(name, entries.map((k) => ({ ...k, progTypes: [...k.progTypes, change.name] })));
  }
}
