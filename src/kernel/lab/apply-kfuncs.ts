/** Operations on kfuncs: what each does to the tables and the BTF of a kernel. */
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { BtfKind } from "../../btf/types.ts";
import { parsePrototype } from "../c-prototype.ts";
import type { OverlayChange } from "../overlay-schema.ts";
import { compareSeries } from "../releases.ts";
import { deprecationText } from "../policy.ts";
import type { KfuncEntry } from "../types.ts";
import { copyFunc } from "./copy-type.ts";
import { EditedBtf } from "./edited-btf.ts";
import type { Fate, PolicyChange } from "./types.ts";
import { LAB_MODULE, withFlag } from "./workbench.ts";
import type { Workbench } from "./workbench.ts";

type Op<K extends OverlayChange["op"]> = Extract<OverlayChange, { op: K }>;
const DONE: Result<null, string> = ok(null);

export function deprecate(work: Workbench, change: Op<"deprecate">, path: string): Result<null, string> {
  const { kfunc: name } = change;
  if (!work.present(name, path, "to deprecate")) return DONE;
  const fate: Fate = { removedIn: change.removedIn ?? null, replacement: change.replacement ?? null, reason: change.reason ?? null };
  if (fate.removedIn !== null && compareSeries(work.simulatedRelease, fate.removedIn) >= 0) {
    take(work, name, fate, path);
    return DONE;
  }
  work.deprecated.set(name, fate);
  work.kfuncs.set(name, work.kfuncs.get(name)!.map((k) => ({ ...k, flags: withFlag(k.flags, "KF_DEPRECATED") })));
  work.record({ name, kind: "kfunc", what: "deprecated", text: deprecationText(name, fate), reason: fate.reason, path });
  return DONE;
}

export function remove(work: Workbench, change: Op<"remove">, path: string): Result<null, string> {
  if (work.present(change.kfunc, path, "to remove")) {
    take(work, change.kfunc, { removedIn: null, replacement: change.replacement ?? null, reason: change.reason ?? null }, path);
  }
  return DONE;
}

function take(work: Workbench, name: string, fate: Fate, path: string): void {
  work.removed.set(name, fate);
  work.deprecated.delete(name);
  work.dropKfunc(name);
  const when = fate.removedIn === null ? "is removed" : `was deprecated and went away in kernel ${fate.removedIn}`;
  work.record({ name, kind: "kfunc", what: "removed", text: `${name} ${when}${fate.replacement === null ? "" : `; use ${fate.replacement}`}`, reason: fate.reason, path });
}

export function add(work: Workbench, change: Op<"add">, path: string): Result<null, string> {
  const proto = parsePrototype(change.prototype);
  if (!proto.ok) return err(`${path}.prototype: ${proto.error}`);
  const { name } = proto.value;
  if (work.kfuncs.has(name)) {
    work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has ${name} already; its own is kept`);
    return DONE;
  }
  if (work.pack.manifest.kfuncs.length === 0) work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has no kfuncs at all; its programs cannot call ${name}`);
  const made = work.makeEntry({ prototype: change.prototype, flags: change.flags ?? [], progTypes: work.knownTypes(change.programTypes, path), body: change.body, path });
  if (!made.ok) return made;
  if (!made.value) return DONE;
  work.kfuncs.set(name, [made.value]);
  work.removed.delete(name);
  work.added.add(name);
  work.record({ name, kind: "kfunc", what: "added", text: `${name} is added: ${change.prototype.trim()}`, reason: null, path });
  return DONE;
}

export function change(work: Workbench, op: Op<"change">, path: string): Result<null, string> {
  const proto = parsePrototype(op.prototype);
  if (!proto.ok) return err(`${path}.prototype: ${proto.error}`);
  const { name } = proto.value;
  if (!work.present(name, path, "to change")) return DONE;
  const done = retype(work, name, op, path);
  if (!done.ok) return done;
  if (!done.value) return DONE;
  work.changed.set(name, op.prototype.trim());
  work.record({ name, kind: "kfunc", what: "changed", text: `${name} is now ${op.prototype.trim()}`, reason: op.reason ?? null, path });
  return DONE;
}

interface Retyping { prototype?: string; flags?: readonly string[]; programTypes?: readonly string[]; body?: Op<"add">["body"] }

/** The kfunc with another prototype, other flags or another body: a FUNC of its own takes the old one's place. False without BTF. */
export function retype(work: Workbench, name: string, to: Retyping, path: string): Result<boolean, string> {
  const before = work.kfuncs.get(name)![0]!;
  const next = retypedEntry(work, before, to, path);
  if (!next.ok || next.value === null) return next.ok ? ok(false) : next;
  if (next.value.btfId !== before.btfId || next.value.module !== before.module) work.dropKfunc(name);
  work.kfuncs.set(name, [next.value]);
  return ok(true);
}

/** A variant of a kfunc; null without BTF. */
export function retypedEntry(work: Workbench, before: KfuncEntry, to: Retyping, path: string): Result<KfuncEntry | null, string> {
  const progTypes = to.programTypes ? work.knownTypes(to.programTypes, path) : before.progTypes;
  const given = to.flags ?? before.flags;
  // The list that the kernel fills in itself belongs to the old prototype.
  const flags = to.prototype === undefined || to.flags ? given : given.filter((f) => f !== "KF_IMPLICIT_ARGS");
  const kept = work.deprecated.has(before.name) ? withFlag(flags, "KF_DEPRECATED") : flags;
  const exact = to.programTypes ? undefined : before.exact;
  if (to.prototype === undefined) {
    const entry = { ...before, flags: kept, progTypes, ...(exact ? { exact } : {}) };
    if (!to.body) return ok(entry);
    const body = work.kfuncBody(to.body, entry, `${path}.body`);
    return body.ok ? ok({ ...entry, body: body.value }) : body;
  }
  const made = work.makeEntry({ prototype: to.prototype, flags: kept, progTypes, exact, origin: before.origin ?? before.name, body: to.body, path });
  if (!made.ok || made.value === null) return made;
  return ok(before.body && !to.body ? { ...made.value, body: before.body } : made.value);
}

export function rename(work: Workbench, change: Op<"rename">, path: string): Result<null, string> {
  const { kfunc: name, to } = change;
  if (!work.present(name, path, "to rename")) return DONE;
  if (work.kfuncs.has(to)) {
    work.notes.push(`${path}.to: kernel ${work.pack.manifest.kernel} has ${to} already; ${name} keeps its name`);
    return DONE;
  }
  const alias = change.alias === true;
  if (alias) addAlias(work, name, to);
  else renameFuncs(work, name, to);
  const fate = work.deprecated.get(name);
  if (fate && !alias) {
    work.deprecated.delete(name);
    work.deprecated.set(to, fate);
  }
  if (!alias) work.removed.set(name, { removedIn: null, replacement: to, reason: change.reason ?? "it has another name" });
  work.removed.delete(to);
  work.renamed.set(name, { to, alias });
  const kept = alias ? `${name} is now ${to}; the old name is kept as an alias` : `${name} is now ${to}`;
  work.record({ name, kind: "kfunc", what: "renamed", to, text: kept, reason: change.reason ?? null, path });
  return DONE;
}

function renameFuncs(work: Workbench, name: string, to: string): void {
  const entries = work.kfuncs.get(name)!;
  const next: KfuncEntry[] = [];
  for (const entry of entries) {
    const btf = work.btfOf(entry.module);
    const func = btf?.type(entry.btfId);
    if (btf instanceof EditedBtf && func?.kind === BtfKind.FUNC) {
      btf.replace({ ...func, name: to });
      next.push({ ...entry, name: to, origin: entry.origin ?? name });
    } else if (func?.kind === BtfKind.FUNC && work.layer) {
      work.layer.hide(entry.btfId);
      next.push({ ...entry, name: to, origin: entry.origin ?? name, btfId: work.layer.add({ kind: BtfKind.FUNC, name: to, type: func.type, linkage: 1 }) });
    }
  }
  // Only what is left under the old name goes: its entries have moved.
  work.kfuncs.delete(name);
  work.dropKfunc(name);
  work.kfuncs.set(to, next);
}

/** The second name is a function of its own in BTF, as an alias in C would be. */
function addAlias(work: Workbench, name: string, to: string): void {
  const made = cloneEntry(work, work.kfuncs.get(name)![0]!, to);
  if (made) work.kfuncs.set(to, [made]);
}

/** The same function once more: a FUNC of its own, perhaps under another name. Null without BTF. */
export function cloneEntry(work: Workbench, entry: KfuncEntry, name: string): KfuncEntry | null {
  const source = work.btfOf(entry.module);
  const func = source?.type(entry.btfId);
  if (!work.layer || !source || func?.kind !== BtfKind.FUNC) return null;
  // A prototype of a module's split BTF has an id that means something else in the layer.
  const shared = func.type < work.layer.startId || source === work.layer;
  const id = shared ? work.layer.add({ kind: BtfKind.FUNC, name, type: func.type, linkage: 1 }) : copyFunc(source, entry.btfId, work.layer, name);
  work.layer.add({ kind: BtfKind.DECL_TAG, name: "bpf_kfunc", type: id, componentIdx: -1 });
  return { ...entry, name, module: LAB_MODULE, btfId: id, origin: entry.origin ?? entry.name };
}

export function backport(work: Workbench, change: Op<"backport">, path: string): Result<null, string> {
  const { kfunc: name, from } = change;
  const donor = work.donor(from, path);
  if (!donor.ok) return donor;
  const theirs = donor.value.manifest.kfuncs.find((k) => k.name === name);
  const btf = theirs && (theirs.module === null ? donor.value.btf : donor.value.modules.get(theirs.module));
  if (!theirs || !btf) {
    work.notes.push(`${path}: kernel ${from} has no kfunc ${name} to backport`);
    return DONE;
  }
  if (work.kfuncs.has(name)) {
    work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has ${name} already; its own is kept`);
    return DONE;
  }
  if (!work.layer) return DONE;
  const incomplete: string[] = [];
  const id = copyFunc(btf, theirs.btfId, work.layer, name, incomplete);
  work.layer.add({ kind: BtfKind.DECL_TAG, name: "bpf_kfunc", type: id, componentIdx: -1 });
  const known = knownFlags(work.pack.manifest.kfuncs);
  const lost = theirs.flags.filter((f) => !known.has(f));
  const ownTypes = new Set(work.pack.manifest.progTypes.filter((t) => t.supported).map((t) => t.name));
  const progTypes = change.programTypes ? work.knownTypes(change.programTypes, path) : theirs.progTypes.filter((t) => ownTypes.has(t));
  const made = work.entryFor(id, name, { flags: theirs.flags.filter((f) => known.has(f)), progTypes, path });
  if (!made.ok) return made;
  // What a function does depends on the release it is from: the simulation knows it by name.
  work.kfuncs.set(name, [made.value]);
  work.added.add(name);
  const lacking: string[] = [];
  if (lost.length > 0) lacking.push(`its verifier knows no ${lost.join(", ")}`);
  if (incomplete.length > 0) lacking.push(`it has no ${incomplete.map((s) => `struct ${s}`).join(", ")}`);
  const text = `${name} is backported from ${from}${lacking.length > 0 ? ` without its prerequisites: ${lacking.join("; ")}` : ""}`;
  const entry: PolicyChange = { name, kind: "kfunc", what: "backported", text, reason: change.reason ?? null, path };
  work.record(entry);
  return DONE;
}

/** Flags that a release's own kfuncs carry: those its verifier knows. */
function knownFlags(kfuncs: readonly KfuncEntry[]): ReadonlySet<string> {
  return new Set(kfuncs.flatMap((k) => k.flags));
}
