/**
 * Plans and writes a header that lets one source serve a range of kernels: weak declarations with a flavour for each form
 * of a kfunc (libbpf drops what follows the last `___`, bpf_core_essential_name_len), probes that libbpf answers at load
 * time, and a fallback. Forms come from the life of the API and of those it replaced or was replaced by.
 */
import { isKnownAt, stateAt } from "./api-change.ts";
import { findApi } from "./api-explain.ts";
import type { ApiDb, ApiLife } from "./api-types.ts";
import { splitSignature } from "./c-signature.ts";
import type { SplitSignature } from "./c-signature.ts";
import { shimHeader } from "./shim-header.ts";
import { callsIn, includePlace, ownDeclarations } from "./shim-source.ts";
import { span } from "./shim-words.ts";
import { fallbackFor, prototypeShape } from "./shim-types-c.ts";
import type { ShimEntry, ShimForm, ShimPlan } from "./shim-types.ts";

export const SHIM_FILE = "kernel_shim.h";

export interface ShimInputs {
  db: ApiDb;
  /** oldest first, names of the database */
  kernels: readonly string[];
  /** asked for by name */
  names: readonly string[];
  /** C text whose calls are served too; null: only the names */
  source: string | null;
}

/** Arguments of a successor that has others than its predecessor. Each was read in the source named. */
const REVIEWED_ARGS: Readonly<Record<string, readonly string[]>> = {
  // kernel/cgroup/rstat.c, 6.12 and 7.2: a cgroup's own state is its member "self".
  "cgroup_rstat_updated>css_rstat_updated": ["&cgrp->self", "cpu"],
  "cgroup_rstat_flush>css_rstat_flush": ["&cgrp->self"],
};

/** Makes the plan and the header. Names of which no kernel knows anything are listed, not an error. */
export function planShim({ db, kernels, names, source }: ShimInputs): ShimPlan {
  const known = new Set(db.apis.map((a) => a.name));
  const calls = source === null ? [] : callsIn(source, (name) => known.has(name));
  const declared = source === null ? new Map<string, { signature: string; line: number }>() : ownDeclarations(source);
  const wanted = [...new Set([...names, ...calls.map((c) => c.name)])];
  const entries: ShimEntry[] = [];
  for (const name of wanted) {
    const life = findApi(db, name);
    if (!life) continue;
    const call = calls.find((c) => c.name === name);
    const caller = interfaceOf(db, life, kernels, declared.get(name)?.signature, call?.args);
    if (caller) entries.push(life.kind === "helper" ? helperEntry(db, life, kernels, caller) : kfuncEntry(db, life, kernels, caller));
  }
  const wrapped = new Set(entries.filter((e) => e.action === "wrap").map((e) => e.name));
  return {
    kernels, entries, file: SHIM_FILE,
    header: wrapped.size === 0 ? "" : shimHeader(entries, kernels),
    includeAfter: source === null ? null : includePlace(source, wrapped),
    unknown: wanted.filter((n) => !known.has(n)),
  };
}

/** The prototype the program was written for: its own declaration, else that of a kernel whose parameters are as many as the call's arguments, else the newest. */
function interfaceOf(db: ApiDb, life: ApiLife, kernels: readonly string[], own: string | undefined, args: number | undefined): SplitSignature | undefined {
  const split = own === undefined ? undefined : splitSignature(own, life.name);
  if (split) return split;
  const inRange = [...kernels].reverse().map((k) => stateAt(db, life, k)).filter((s) => s !== undefined);
  const signatures = [...inRange, ...[...life.spans].reverse()].map((s) => splitSignature(s.signature, life.name)).filter((s) => s !== undefined);
  return signatures.find((s) => args === undefined || s.params.length === args) ?? signatures[0];
}

function helperEntry(db: ApiDb, life: ApiLife, kernels: readonly string[], caller: SplitSignature): ShimEntry {
  const having = kernels.filter((k) => stateAt(db, life, k) !== undefined);
  const missing = kernels.filter((k) => !having.includes(k));
  const base = { name: life.name, kind: "helper" as const, caller };
  const variadic = caller.params.some((p) => p.type === "...");
  if (missing.length === 0 || variadic) {
    return { ...base, action: "none", why: missing.length === 0 ? "every kernel of the range has it under the same number" : "it takes any number of arguments and cannot be wrapped", probe: null, forms: [], fallback: null, notes: [] };
  }
  const signature = life.spans.at(-1)!.signature;
  return {
    ...base, action: "wrap", probe: "bpf_core_enum_value_exists",
    why: having.length === 0 ? "no kernel of the range has it" : `helper #${life.id} came with ${life.since}`,
    forms: [{ api: life.name, symbol: life.name, signature, kernels: having, args: caller.params.map((p, i) => parameterName(p.name, i)) }],
    fallback: { kernels: missing, value: fallbackFor(caller.ret) }, notes: fallbackNotes(life.name, missing, kernels),
  };
}

/** APIs that can stand in for one another: along replacements in both directions, where arguments can be carried over. */
function family(db: ApiDb, life: ApiLife): ApiLife[] {
  const out = [life];
  for (let i = 0; i < out.length && out.length < 8; i++) {
    const at = out[i]!;
    const successor = at.replacement ? findApi(db, at.replacement.name, "kfunc") : undefined;
    const others = [...(successor ? [successor] : []), ...db.apis.filter((a) => a.kind === "kfunc" && a.replacement?.name === at.name)];
    for (const other of others) if (!out.includes(other) && carriesOver(at, other)) out.push(other);
  }
  return out;
}

function carriesOver(a: ApiLife, b: ApiLife): boolean {
  const [old, young] = a.replacement?.name === b.name ? [a, b] : [b, a];
  const how = old.replacement!;
  return how.sameArguments || how.how === "implicit argument" || `${old.name}>${young.name}` in REVIEWED_ARGS;
}

function kfuncEntry(db: ApiDb, life: ApiLife, kernels: readonly string[], caller: SplitSignature): ShimEntry {
  const forms: ShimForm[] = [];
  const notes: string[] = [];
  const missing: string[] = [];
  const relatives = family(db, life);
  for (const kernel of kernels) {
    const member = relatives.find((m) => stateAt(db, m, kernel) !== undefined);
    if (!member) {
      missing.push(kernel);
      continue;
    }
    const { signature } = stateAt(db, member, kernel)!;
    const shape = prototypeShape(signature, member.name);
    const same = forms.findIndex((f) => f.api === member.name && prototypeShape(f.signature, member.name) === shape);
    if (same >= 0) forms[same] = { ...forms[same]!, signature, kernels: [...forms[same]!.kernels, kernel] };
    else forms.push({ api: member.name, symbol: `${member.name}___shim${forms.length + 1}`, signature, kernels: [kernel], args: carryArguments(life.name, caller, member, signature, notes, kernel) });
  }
  const base = { name: life.name, kind: "kfunc" as const, notes, caller };
  const uncertain = missing.filter((k) => relatives.some((m) => !isKnownAt(db, m, k)));
  if (forms.length === 1 && missing.length === 0 && forms[0]!.api === life.name && fits(life.name, caller, forms[0]!)) {
    return { ...base, action: "none", why: widthNote(db, life, kernels) ?? "every kernel of the range has it with this prototype", probe: null, forms, fallback: null };
  }
  if (missing.length > 0) notes.push(...fallbackNotes(life.name, missing, kernels));
  if (uncertain.length > 0) notes.push(`whether ${uncertain.join(", ")} ${uncertain.length === 1 ? "has" : "have"} it is not known (a module's kfunc); the probe finds out`);
  // The newest form first: it is what most kernels to come will have.
  return { ...base, action: "wrap", why: whyOf(life.name, forms, missing, kernels), probe: "bpf_ksym_exists", forms: [...forms].reverse(), fallback: { kernels: missing, value: fallbackFor(caller.ret) } };
}

function fits(name: string, caller: SplitSignature, form: ShimForm): boolean {
  return splitSignature(form.signature, name)?.params.length === caller.params.length;
}

/** Where widths of numbers differ but nothing else, libbpf takes the declaration as it is. */
function widthNote(db: ApiDb, life: ApiLife, kernels: readonly string[]): string | null {
  const all = new Set(kernels.map((k) => stateAt(db, life, k)?.signature));
  return all.size > 1 ? "its prototype changed only in widths of numbers, names or qualifiers, which libbpf takes as compatible (bpf_core_types_are_compat)" : null;
}

function whyOf(name: string, forms: readonly ShimForm[], missing: readonly string[], kernels: readonly string[]): string {
  const parts = forms.map((f) => `${span(f.kernels, kernels)}: ${f.api === name ? "itself" : f.api}${forms.filter((o) => o.api === f.api).length > 1 ? ` with ${f.args.length} arguments` : ""}`);
  if (missing.length > 0) parts.push(`${span(missing, kernels)}: nothing of the kind`);
  return parts.join("; ");
}

export function parameterName(name: string, index: number): string {
  return name === "" ? `arg${index + 1}` : name;
}

/** The call's arguments for one form: by name, else by place; what the caller does not have is 0, and is noted. */
function carryArguments(written: string, caller: SplitSignature, member: ApiLife, signature: string, notes: string[], kernel: string): string[] {
  const reviewed = REVIEWED_ARGS[`${written}>${member.name}`];
  if (reviewed) return [...reviewed];
  const target = splitSignature(signature, member.name)?.params ?? [];
  const stem = (name: string): string => name.replace(/__\w+$/, "");
  const used = new Set<number>();
  const byName = caller.params.every((p) => p.name !== "") && target.some((t) => caller.params.some((p) => stem(p.name) === stem(t.name)));
  const args = target.map((t, i) => {
    const named = byName ? caller.params.findIndex((p, j) => !used.has(j) && stem(p.name) === stem(t.name)) : -1;
    const at = named >= 0 ? named : !used.has(i) && i < caller.params.length && (!byName || !target.some((o) => stem(o.name) === stem(caller.params[i]!.name))) ? i : -1;
    if (at < 0) {
      if (!/^aux/.test(t.name)) notes.push(`${kernel} (${member.name}): 0 is passed for ${t.name || `argument ${i + 1}`}, which the call does not have`);
      return "0";
    }
    used.add(at);
    return parameterName(caller.params[at]!.name, at);
  });
  for (const [j, p] of caller.params.entries()) if (!used.has(j) && !/^aux/.test(p.name)) notes.push(`${kernel} (${member.name}): the argument ${parameterName(p.name, j)} is dropped`);
  return args;
}

function fallbackNotes(name: string, missing: readonly string[], kernels: readonly string[]): string[] {
  if (/^bpf_iter_\w+_(?:new|next|destroy)$/.test(name)) return [`${span(missing, kernels)}: loops over this iterator run zero times`];
  return [];
}
