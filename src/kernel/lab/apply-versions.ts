/** Operations that give a kfunc several forms at once: by API version, by symbol version; and other behaviour under the same form. */
import { err, ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { parsePrototype } from "../c-prototype.ts";
import type { OverlayChange } from "../overlay-schema.ts";
import { cloneEntry, retype, retypedEntry } from "./apply-kfuncs.ts";
import type { KfuncEntry } from "../types.ts";
import type { Workbench } from "./workbench.ts";

type Op<K extends OverlayChange["op"]> = Extract<OverlayChange, { op: K }>;
const DONE: Result<null, string> = ok(null);

export function behave(work: Workbench, change: Op<"behave">, path: string): Result<null, string> {
  const name = change.function;
  const entries = work.kfuncs.get(name);
  const helper = work.helperByName(name);
  if (!entries && !helper) {
    work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has neither a kfunc nor a helper ${name}`);
    return DONE;
  }
  const kind = entries ? "kfunc" : "helper";
  if (entries) {
    const next = [];
    for (const entry of entries) {
      const body = work.kfuncBody(change.body, entry, `${path}.body`);
      if (!body.ok) return body;
      next.push({ ...entry, body: body.value });
    }
    work.kfuncs.set(name, next);
  } else {
    const body = work.helperBody(change.body, helper!, `${path}.body`);
    if (!body.ok) return body;
    work.helpers.set(helper!.id, { ...helper!, body: body.value });
  }
  work.behaves.set(name, { kind, reason: change.reason ?? null });
  const text = `${name} has the same name and the same prototype but does something else: neither the program, nor libbpf, nor the verifier can tell`;
  work.record({ name, kind, what: "behaves", text, reason: change.reason ?? null, path });
  return DONE;
}

export function versions(work: Workbench, change: Op<"versions">, path: string): Result<null, string> {
  const name = change.kfunc;
  let says = work.kfuncs.has(name) ? "as in the release" : "absent";
  for (const [i, signature] of change.signatures.entries()) {
    if (signature.from > work.apiVersion) break;
    const at = `${path}.signatures[${i}]`;
    if (signature.absent === true) {
      work.dropKfunc(name);
      work.removed.set(name, { removedIn: null, replacement: null, reason: `a program of API version ${work.apiVersion} does not get it` });
      says = "absent";
      continue;
    }
    const done = form(work, name, signature, at);
    if (!done.ok) return done;
    if (done.value !== null) says = done.value;
  }
  work.record({ name, kind: "kfunc", what: "versioned", text: `${name}: for API version ${work.apiVersion} it is ${says}`, reason: null, path });
  return DONE;
}

type Signature = Op<"versions">["signatures"][number];

/** What the kfunc is under one signature, for people; null when it could not be had. */
function form(work: Workbench, name: string, signature: Signature, at: string): Result<string | null, string> {
  const says = signature.prototype?.trim() ?? (signature.body ? "as before, with another behaviour" : "as before");
  if (work.kfuncs.has(name)) {
    const done = retype(work, name, signature, at);
    return done.ok ? ok(done.value ? says : null) : done;
  }
  if (signature.prototype === undefined || signature.programTypes === undefined) {
    return err(`${at}: kernel ${work.pack.manifest.kernel} has no kfunc ${name}; its first signature needs "prototype" and "programTypes"`);
  }
  const made = work.makeEntry({
    prototype: signature.prototype, flags: signature.flags ?? [], progTypes: work.knownTypes(signature.programTypes, at), body: signature.body, path: at,
  });
  if (!made.ok) return made;
  if (made.value === null) return ok(null);
  work.kfuncs.set(name, [made.value]);
  work.removed.delete(name);
  work.added.add(name);
  return ok(says);
}

export function symbolVersion(work: Workbench, change: Op<"symbol version">, path: string): Result<null, string> {
  const { version } = change;
  if (work.symbolSets.includes(version)) return err(`${path}.version: there is a set ${version} already`);
  work.symbolSets.push(version);
  for (const [i, symbol] of change.symbols.entries()) {
    const at = `${path}.symbols[${i}]`;
    const { name } = symbol;
    const own = work.kfuncs.get(name)?.[0];
    const plain = symbol.prototype === undefined && symbol.body === undefined && symbol.flags === undefined && symbol.programTypes === undefined;
    if (!own && (symbol.prototype === undefined || symbol.programTypes === undefined)) {
      work.notes.push(`${at}: kernel ${work.pack.manifest.kernel} has no kfunc ${name}; one of its own needs "prototype" and "programTypes"`);
      continue;
    }
    const made = own
      ? plain ? ok(own) : ownForm(work, own, symbol, at)
      : work.makeEntry({ prototype: symbol.prototype!, flags: symbol.flags ?? [], progTypes: work.knownTypes(symbol.programTypes!, at), body: symbol.body, path: at });
    if (!made.ok) return made;
    if (made.value === null) continue;
    if (!own) work.added.add(name);
    work.symbols.set(name, [...(work.symbols.get(name) ?? []), { version, entry: made.value }]);
    const what = symbol.prototype?.trim() ?? (symbol.body ? "as in the release, with another behaviour" : "as in the release");
    work.record({ name, kind: "kfunc", what: "symbol version", text: `${name}@${version} is ${what}`, reason: null, path: at });
  }
  return DONE;
}

/** A set's own form of a function is a FUNC of its own, so that both can be called. */
function ownForm(work: Workbench, own: KfuncEntry, symbol: Op<"symbol version">["symbols"][number], at: string): Result<KfuncEntry | null, string> {
  if (symbol.prototype !== undefined) return retypedEntry(work, own, symbol, at);
  const clone = cloneEntry(work, own, own.name);
  return clone ? retypedEntry(work, clone, symbol, at) : ok(null);
}

/** The name that a prototype declares has to be the name it is listed under. */
export function checkName(prototype: string | undefined, name: string, path: string): Result<null, string> {
  if (prototype === undefined) return DONE;
  const parsed = parsePrototype(prototype);
  if (!parsed.ok) return err(`${path}: ${parsed.error}`);
  return parsed.value.name === name ? DONE : err(`${path}: declares ${parsed.value.name}, not ${name}`);
}
