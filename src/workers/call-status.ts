/** Which helpers and kfuncs an object calls, and whether one kernel has them for the programs that call them. */
import type { InsnIdx } from "../base/brand.ts";
import { essentialName, explainMissing } from "../kernel/api-explain.ts";
import type { ApiDb } from "../kernel/api-types.ts";
import type { Kernel } from "../kernel/types.ts";
import type { ProgramVariant } from "../kernel/variant.ts";
import type { BoundProgram, ObjectSpec, ProgramSpec } from "../loader/types.ts";
import type { CallStatus } from "./kernel-api.ts";
import { unresolvedKfunc } from "./refusal-subject.ts";

const CALL = 0x85;

/** A program of the object, and what binding it to the kernel gave; null where the kernel's loader refused it. */
export interface TriedProgram { program: ProgramSpec; bound: BoundProgram | null }

interface Found { name: string; kind: "helper" | "kfunc"; id: number | null; weak: boolean; programs: Map<string, ProgramVariant | null> }

/**
 * Every call of the object, by name, with its answer on `kernel`. A program that did not bind shows the helpers of its own
 * instructions; the kfuncs it may call are then all that the object declares (its relocations are not resolved yet).
 */
export function callStatuses(spec: ObjectSpec, tried: readonly TriedProgram[], kernel: Kernel, db: ApiDb | null): CallStatus[] {
  const found = new Map<string, Found>();
  const add = (call: Pick<Found, "name" | "kind" | "id" | "weak">, program: ProgramSpec, bound: BoundProgram | null): void => {
    const entry = found.get(call.name) ?? { ...call, programs: new Map() };
    entry.programs.set(program.name, bound ?? variantOf(program));
    found.set(call.name, entry);
  };
  const declared = spec.externs.filter((e) => e.kind === "ksym_func").map((e) => ({ name: essentialName(e.name), weak: e.weak }));
  const weak = (name: string): boolean => declared.some((e) => e.name === name) && declared.every((e) => e.name !== name || e.weak);
  const kfunc = (name: string): Pick<Found, "name" | "kind" | "id" | "weak"> => ({ name, kind: "kfunc", id: null, weak: weak(name) });
  for (const { program, bound } of tried) {
    for (const id of helperIds(bound ?? program, bound)) add({ name: helperName(id, kernel, db), kind: "helper", id, weak: false }, program, bound);
    for (const call of bound?.calls ?? []) if (call.kind === "kfunc") add(kfunc(essentialName(call.name)), program, bound);
    for (const text of bound?.poisoned.values() ?? []) {
      const name = unresolvedKfunc(text);
      if (name !== undefined) add(kfunc(essentialName(name)), program, bound);
    }
    if (!bound) for (const { name } of declared) add(kfunc(name), program, null);
  }
  return [...found.values()].map((call) => answer(call, kernel, db)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function variantOf(program: ProgramSpec): ProgramVariant | null {
  const { type, attachType, sleepable } = program;
  return type === undefined ? null : { type, attachType, sleepable };
}

/** What the loader could not resolve it replaced by calls of numbers that no helper has. */
function helperIds({ insns }: Pick<ProgramSpec, "insns">, bound: BoundProgram | null): number[] {
  const ids = insns.filter((insn, i) => insn.code === CALL && insn.src === 0 && insn.imm > 0 && !bound?.poisoned.has(i as InsnIdx)).map((insn) => insn.imm);
  return [...new Set(ids)];
}

function helperName(id: number, kernel: Kernel, db: ApiDb | null): string {
  return kernel.helper(id)?.name ?? db?.apis.find((a) => a.kind === "helper" && a.id === id)?.name ?? `helper #${id}`;
}

function answer(call: Found, kernel: Kernel, db: ApiDb | null): CallStatus {
  const { name, kind, id, weak } = call;
  const programs = [...call.programs.keys()];
  const base = { name, kind, id, weak, programs };
  const why = (): string | null => (db ? (explainMissing(name, kernel, db, { kind }).sentences[0] ?? null) : null);
  const variants = [...call.programs].flatMap(([program, variant]) => (variant ? [{ program, variant }] : []));
  if (kind === "helper") {
    if (kernel.helper(id!) === undefined) return { ...base, status: "missing", detail: why() };
    const refused = variants.filter(({ variant }) => typeof kernel.helperProtoFor(id!, variant) !== "object");
    return refusedOr(base, refused, kernel);
  }
  const entry = kernel.kfunc(name);
  if (!entry) {
    if (kernel.btf === null) return { ...base, status: "missing", detail: "this kernel has no BTF, so it has no kfuncs" };
    const explained = db ? explainMissing(name, kernel, db, { kind }) : null;
    return { ...base, status: explained?.status === "not known" ? "not known" : "missing", detail: explained?.sentences[0] ?? null };
  }
  const refused = variants.filter(({ variant }) => !kernel.kfuncAllowed(entry, variant));
  if (refused.length > 0) return refusedOr(base, refused, kernel);
  const fate = kernel.policy?.deprecated.get(name);
  if (fate) return { ...base, status: "deprecated", detail: `deprecated${fate.removedIn === null ? "" : `, goes away in ${fate.removedIn}`}${fate.replacement === null ? "" : `; use ${fate.replacement}`}` };
  return { ...base, status: "available", detail: entry.module === null ? null : `in the module ${entry.module}` };
}

function refusedOr(base: Omit<CallStatus, "status" | "detail">, refused: readonly { program: string; variant: ProgramVariant }[], kernel: Kernel): CallStatus {
  if (refused.length === 0) return { ...base, status: "available", detail: null };
  const types = [...new Set(refused.map(({ variant }) => variant.type))].join(", ");
  return { ...base, status: "not allowed", detail: `${kernel.name} has it, but not for ${types} (${refused.map((r) => r.program).join(", ")})` };
}
