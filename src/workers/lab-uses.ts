/** What of a custom kernel's changes a program meets. */
import { essentialName } from "../kernel/api-explain.ts";
import { removalOf } from "../kernel/lab/release-dates.ts";
import type { PolicyChange } from "../kernel/lab/types.ts";
import type { Kernel, KernelPolicy } from "../kernel/types.ts";
import type { BoundProgram, LoadError, SourcePos } from "../loader/types.ts";
import type { LabUse, LabVerdict } from "./lab-api.ts";

type Called = { name: string; id: number | null; insn: number; source?: SourcePos };

/** Null on a plain release. `today` is "2026-11-20". */
export function labVerdict(kernel: Kernel, bound: BoundProgram | null, load: LoadError | null, apiVersion: number, today: string): LabVerdict | null {
  const { policy } = kernel;
  if (!policy) return null;
  const called = bound ? callsOf(bound) : subjectsOf(load);
  const uses = policy.changes.flatMap((change) => {
    const sites = called.filter((call) => concerns(change, call));
    return sites.length === 0 ? [] : [useOf(policy, change, sites, today)];
  });
  return {
    name: policy.name, kernel: kernel.name, simulatedRelease: policy.simulatedRelease, uses,
    warned: uses.some((use) => use.what === "deprecated"),
    undetectable: uses.filter((use) => use.what === "behaves").map((use) => use.name),
    apiVersion: policy.api ? { program: apiVersion, kernel: policy.api.version, oldest: policy.api.oldest } : null,
  };
}

function callsOf(bound: BoundProgram): Called[] {
  return [...functionsOf(bound), ...typesOf(bound)];
}

/** Types and fields that a CO-RE relocation did not find: "… relocation <byte_off> [5] struct task_struct.prio (0:1 @ offset 4)". */
function typesOf(bound: BoundProgram): Called[] {
  return [...bound.poisoned].flatMap(([insn, text]) => {
    const match = /^failed to resolve CO-RE relocation .*? (?:struct|union) (\w+)(?:\.(\w+))?/.exec(text);
    if (!match) return [];
    const source = sourceAt(bound, insn);
    const type = essentialName(match[1]!);
    const names = match[2] === undefined ? [type] : [`${type}.${match[2]}`, type];
    return names.map((name) => ({ name, id: null, insn, ...(source ? { source } : {}) }));
  });
}

function functionsOf(bound: BoundProgram): Called[] {
  return bound.calls.filter((call) => call.kind !== "subprog").map((call) => {
    const source = sourceAt(bound, call.insn);
    // What libbpf could not resolve stands there as a call of a number that nothing has.
    const missing = /^kfunc '(\w+)'/.exec(bound.poisoned.get(call.insn) ?? "")?.[1];
    const place = { insn: call.insn, ...(source ? { source } : {}) };
    return missing === undefined ? { name: call.name, id: call.kind === "helper" ? call.id : null, ...place } : { name: essentialName(missing), id: null, ...place };
  });
}

function subjectsOf(load: LoadError | null): Called[] {
  const { subject, insn, source } = load ?? {};
  if (!subject || (subject.kind !== "kfunc" && subject.kind !== "helper" && subject.kind !== "ksym" && subject.kind !== "type")) return [];
  return [{ name: subject.name, id: null, insn: insn ?? -1, ...(source ? { source } : {}) }];
}

function concerns(change: PolicyChange, call: Called): boolean {
  if (change.helperId !== undefined) return change.helperId === call.id;
  return change.name === call.name || change.to === call.name;
}

function useOf(policy: KernelPolicy, change: PolicyChange, sites: readonly Called[], today: string): LabUse {
  const fate = change.what === "deprecated" ? policy.deprecated.get(change.name) : change.what === "removed" ? policy.removed.get(change.name) : undefined;
  const removal = fate?.removedIn ? (removalOf(fate.removedIn, policy.simulatedRelease, today) ?? null) : null;
  return {
    name: change.name, kind: change.kind, what: change.what, text: change.text, reason: change.reason, path: change.path,
    replacement: fate?.replacement ?? change.to ?? null, removal,
    sites: sites.filter((s) => s.insn >= 0).map(({ insn, source }) => ({ insn, ...(source ? { source } : {}) })),
  };
}

function sourceAt(bound: BoundProgram, insn: number): SourcePos | undefined {
  const lines = bound.lineInfo.length > 0 ? bound.lineInfo : (bound.unseenLineInfo ?? []);
  let best: SourcePos | undefined;
  for (const line of lines) if (line.insn <= insn) best = { file: line.file, line: line.line, col: line.col, text: line.text };
  return best;
}
