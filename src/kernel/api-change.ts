import { splitSignature } from "./c-signature.ts";
import type { SplitSignature } from "./c-signature.ts";
import type { ApiDb, ApiDifference, ApiLife, ApiRow, ApiSpan, ApiState } from "./api-types.ts";

/** What differs between two states of one API, for people: "parameter size: u32 → u64; flags +KF_RCU". Null when nothing does. */
export function describeChange(name: string, before: ApiState, after: ApiState): string | null {
  const parts: string[] = [];
  if (before.signature !== after.signature) parts.push(...describeSignature(name, before.signature, after.signature));
  else if (before.protos.join() !== after.protos.join()) parts.push(...describeProtos(before.protos, after.protos));
  const flags = listDifference(before.flags, after.flags);
  if (flags) parts.push(`flags ${flags}`);
  const types = listDifference(before.programTypes, after.programTypes);
  if (types) parts.push(`program types ${types}`);
  if (before.module !== after.module) parts.push(`moved from ${before.module ?? "the kernel"} to ${after.module ?? "the kernel"}`);
  return parts.length === 0 ? null : parts.join("; ");
}

function listDifference(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((x) => !before.includes(x)).map((x) => `+${x}`);
  const gone = before.filter((x) => !after.includes(x)).map((x) => `-${x}`);
  return [...added, ...gone].join(" ");
}

function describeProtos(before: readonly string[], after: readonly string[]): string[] {
  if (before.length === 1 && after.length === 1) return [`checked as ${after[0]}, was ${before[0]}`];
  const gone = before.filter((p) => !after.includes(p));
  const added = after.filter((p) => !before.includes(p));
  return [...added.map((p) => `also checked as ${p}`), ...gone.map((p) => `no longer checked as ${p}`)];
}

function describeSignature(name: string, before: string, after: string): string[] {
  const a = splitSignature(before, name);
  const b = splitSignature(after, name);
  if (!a || !b) return [`prototype ${before} → ${after}`];
  const parts: string[] = [];
  if (a.ret !== b.ret) parts.push(`returns ${b.ret}, was ${a.ret}`);
  const taken = new Set<number>();
  for (const [i, param] of b.params.entries()) {
    const same = a.params.findIndex((p, j) => !taken.has(j) && p.name === param.name && p.name !== "");
    const index = same >= 0 ? same : sameTypeUnnamed(a, b, i, taken);
    if (index < 0) {
      parts.push(`parameter ${param.name} (${param.type}) added`);
      continue;
    }
    taken.add(index);
    const old = a.params[index]!;
    if (old.type !== param.type) parts.push(`parameter ${param.name}: ${old.type} → ${param.type}`);
    else if (old.name !== param.name) parts.push(`parameter ${old.name} renamed ${param.name}`);
  }
  for (const [j, param] of a.params.entries()) if (!taken.has(j)) parts.push(`parameter ${param.name} (${param.type}) removed`);
  return parts.length === 0 ? [`prototype ${before} → ${after}`] : parts;
}

/** A parameter at the same place and of the same type whose old name is gone: a rename. */
function sameTypeUnnamed(a: SplitSignature, b: SplitSignature, i: number, taken: ReadonlySet<number>): number {
  const old = a.params[i];
  if (!old || taken.has(i) || old.type !== b.params[i]!.type) return -1;
  return b.params.some((p) => p.name === old.name) ? -1 : i;
}

/** The state at a kernel of the database's list; undefined where the API does not exist. */
export function stateAt(db: ApiDb, life: ApiLife, kernel: string): ApiSpan | undefined {
  const order = db.kernels.map((k) => k.kernel);
  const at = order.indexOf(kernel);
  if (at < 0) return undefined;
  return life.spans.find((s) => order.indexOf(s.from) <= at && at <= order.indexOf(s.to));
}

/**
 * Whether a kernel's pack can tell if the kernel has the API: a pack made from the image alone knows nothing of the kfuncs
 * that modules bring, so that one known from a module elsewhere may be there or not.
 */
export function isKnownAt(db: ApiDb, life: ApiLife, kernel: string): boolean {
  const entry = db.kernels.find((k) => k.kernel === kernel);
  return entry?.imageOnly !== true || !life.spans.some((s) => s.module !== null) || stateAt(db, life, kernel) !== undefined;
}

/** The life of an API, a row for each kernel, oldest first. */
export function lifeRows(db: ApiDb, life: ApiLife): ApiRow[] {
  const rows: ApiRow[] = [];
  let before: ApiState | undefined;
  let seen = false;
  for (const { kernel } of db.kernels) {
    const state = stateAt(db, life, kernel);
    let change: string | null = null;
    if (!isKnownAt(db, life, kernel)) {
      rows.push({ kernel, state: null, change: null, known: false });
      continue;
    }
    if (state && !before) change = seen ? "back again" : rows.length > 0 ? "new" : null;
    else if (!state && before) change = life.replacement && kernelAfter(db, life.until) === kernel ? `gone; ${life.replacement.name} takes its place` : "gone";
    else if (state && before && state !== before) change = describeChange(life.name, before, state);
    rows.push({ kernel, state: state ?? null, change, known: true });
    before = state;
    seen ||= state !== undefined;
  }
  return rows;
}

/** The kernel that follows in the list; undefined after the newest. */
export function kernelAfter(db: ApiDb, kernel: string | null): string | undefined {
  const at = db.kernels.findIndex((k) => k.kernel === kernel);
  return at < 0 ? undefined : db.kernels[at + 1]?.kernel;
}

/** Everything that differs between two kernels: removed, then added, then changed, each by name. What one of the two cannot tell is left out. */
export function changesBetween(db: ApiDb, from: string, to: string): ApiDifference[] {
  const out: ApiDifference[] = [];
  for (const life of db.apis) {
    if (!isKnownAt(db, life, from) || !isKnownAt(db, life, to)) continue;
    const before = stateAt(db, life, from) ?? null;
    const after = stateAt(db, life, to) ?? null;
    const { name, kind } = life;
    if (before && !after) out.push({ name, kind, what: "removed", detail: life.replacement ? `${life.replacement.name} takes its place` : null, before, after });
    else if (!before && after) out.push({ name, kind, what: "added", detail: null, before, after });
    else if (before && after && before !== after) {
      const detail = describeChange(name, before, after);
      if (detail !== null) out.push({ name, kind, what: "changed", detail, before, after });
    }
  }
  const rank = { removed: 0, added: 1, changed: 2 };
  return out.sort((a, b) => rank[a.what] - rank[b.what]);
}
