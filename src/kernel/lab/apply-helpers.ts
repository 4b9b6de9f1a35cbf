/** Operations on helpers: what a number means. */
import { ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { OverlayChange } from "../overlay-schema.ts";
import { nearestNames } from "../nearest.ts";
import type { HelperEntry } from "../types.ts";
import type { Workbench } from "./workbench.ts";

type Op<K extends OverlayChange["op"]> = Extract<OverlayChange, { op: K }>;
const DONE: Result<null, string> = ok(null);

export function helper(work: Workbench, change: Op<"helper">, path: string): Result<null, string> {
  const { id } = change;
  const upstream = work.pack.manifest.helpers.find((h) => h.id === id) ?? null;
  if (change.means === undefined) {
    if (!work.helpers.delete(id)) {
      work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has no helper ${id}`);
      return DONE;
    }
    lose(work, upstream!, `its number ${id} is a hole here`);
    work.record({ name: upstream!.name, kind: "helper", what: "removed", helperId: id, text: `helper ${id} is a hole; it is ${upstream!.name} in ${work.pack.manifest.kernel}`, reason: change.reason ?? null, path });
    return DONE;
  }
  const found = source(work, change, path);
  if (!found.ok) return found;
  if (!found.value) return DONE;
  if (upstream?.name === found.value.name && !change.body && !change.programTypes) {
    work.notes.push(`${path}: helper ${id} of kernel ${work.pack.manifest.kernel} is ${upstream.name} already; its own is kept`);
    return DONE;
  }
  let made: HelperEntry = { ...found.value, id };
  if (change.programTypes) made = { ...made, allowed: onlyFor(made, work.knownTypes(change.programTypes, path)) };
  if (change.body) {
    const body = work.helperBody(change.body, made, `${path}.body`);
    if (!body.ok) return body;
    made = { ...made, body: body.value };
  }
  work.helpers.set(id, made);
  if (upstream && upstream.name !== made.name) lose(work, upstream, `its number ${id} means ${made.name} here`);
  const was = upstream === null ? "nothing" : upstream.name;
  const where = change.from === undefined ? "" : `, backported from ${change.from}`;
  work.record({ name: made.name, kind: "helper", what: "renumbered", helperId: id, text: `helper ${id} is ${made.name}${where}; in ${work.pack.manifest.kernel} the number means ${was}`, reason: change.reason ?? null, path });
  return DONE;
}

/** A helper that no number calls any more is gone; one that has another number is told of. */
function lose(work: Workbench, before: HelperEntry, why: string): void {
  const other = work.helperByName(before.name);
  work.removed.set(before.name, { removedIn: null, replacement: null, reason: other ? `${why}; it has the number ${other.id}` : why });
}

function source(work: Workbench, change: Op<"helper">, path: string): Result<HelperEntry | null, string> {
  const name = change.means!;
  let own = work.pack.manifest.helpers;
  if (change.from !== undefined) {
    const donor = work.donor(change.from, path);
    if (!donor.ok) return donor;
    own = donor.value.manifest.helpers;
  }
  const found = own.find((h) => h.name === name);
  if (found) return ok(change.from === undefined ? found : forRelease(work, found));
  const near = nearestNames(name, own.map((h) => h.name), 1)[0];
  work.notes.push(`${path}: kernel ${change.from ?? work.pack.manifest.kernel} has no helper ${name}${near === undefined ? "" : ` (nearest: ${near})`}`);
  return ok(null);
}

/** Another release's helper: only for program types that this one has. */
function forRelease(work: Workbench, theirs: HelperEntry): HelperEntry {
  const types = new Set(work.pack.manifest.progTypes.filter((t) => t.supported).map((t) => t.name));
  const allowed = Object.fromEntries(Object.entries(theirs.allowed).filter(([key]) => types.has(key.split(":")[0]!)));
  return { ...theirs, allowed };
}

/** The prototype that a program type gets where the helper allows it; else its first. */
function onlyFor(helper: HelperEntry, types: readonly string[]): Record<string, number> {
  return Object.fromEntries(types.map((type) => [type, helper.allowed[type] ?? 0]));
}

export function helperVersions(work: Workbench, change: Op<"helper versions">, path: string): Result<null, string> {
  const before = work.helperByName(change.helper);
  if (!before) {
    work.notes.push(`${path}: kernel ${work.pack.manifest.kernel} has no helper ${change.helper}`);
    return DONE;
  }
  const { id } = before;
  for (const [i, meaning] of change.meanings.entries()) {
    if (meaning.from > work.apiVersion) break;
    const at = `${path}.meanings[${i}]`;
    if (meaning.absent === true) {
      work.helpers.delete(id);
      continue;
    }
    const target = work.pack.manifest.helpers.find((h) => h.name === (meaning.means ?? change.helper));
    if (!target) {
      work.notes.push(`${at}: kernel ${work.pack.manifest.kernel} has no helper ${meaning.means}`);
      continue;
    }
    let made: HelperEntry = { ...target, id };
    if (meaning.body) {
      const body = work.helperBody(meaning.body, made, `${at}.body`);
      if (!body.ok) return body;
      made = { ...made, body: body.value };
    }
    work.helpers.set(id, made);
  }
  const now = work.helpers.get(id);
  if (!now || now.name !== before.name) lose(work, before, `for API version ${work.apiVersion} its number ${id} ${now ? `means ${now.name}` : "is a hole"}`);
  const says = now === undefined ? "a hole" : now === before ? `${now.name}, as in the release` : now.name === before.name ? `${now.name} with another behaviour` : now.name;
  work.record({ name: before.name, kind: "helper", what: "versioned", helperId: id, text: `helper ${id}: for API version ${work.apiVersion} it is ${says}`, reason: null, path });
  return DONE;
}
