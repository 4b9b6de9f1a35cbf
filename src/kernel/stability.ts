/** Puts the stability record of one helper or kfunc together. Pure: database, table of users and kernel in, record out. */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { isKnownAt, lifeRows } from "./api-change.ts";
import { essentialName, findApi } from "./api-explain.ts";
import type { ApiDb, ApiLife, ApiSpan } from "./api-types.ts";
import { functionSignature } from "./c-signature.ts";
import { nearestNames } from "./nearest.ts";
import { normOf } from "./stability-norms.ts";
import type { StabilityRecord, UserKind, UsersTable } from "./stability-types.ts";
import { factorsOf, summaryOf } from "./stability-words.ts";
import type { Kernel } from "./types.ts";

export interface StabilityInputs {
  db: ApiDb;
  /** null: not there; the record says that nothing is known of users */
  users: UsersTable | null;
  /** the chosen kernel: its overlay may make up, change, deprecate or remove an API; null for the releases alone */
  kernel: Kernel | null;
}

/** The record of an API by name (a `___suffix` of libbpf's is dropped where no API has it). The error names the nearest. */
export function stabilityRecord(written: string, { db, users, kernel }: StabilityInputs): Result<StabilityRecord, string> {
  const name = findApi(db, written) || kernel?.kfunc(written) ? written : essentialName(written);
  const life = findApi(db, name);
  const own = kernel?.kfunc(name);
  if (!life && !own) {
    const near = nearestNames(name, db.apis.map((a) => a.name), 3);
    return err(`no helper or kfunc "${written}"${near.length > 0 ? ` (nearest: ${near.join(", ")})` : ""}`);
  }
  const kind = life?.kind ?? "kfunc";
  const bare = {
    name, kind, id: life?.id ?? null,
    madeUpBy: life ? null : kernel!.name,
    signature: signatureOf(name, life, kernel),
    age: life ? ageOf(db, life) : null,
    changes: changesOf(db, life, name, kernel),
    users: usersOf(name, users),
    successor: life?.replacement ?? policySuccessor(name, kernel),
    predecessors: db.apis.filter((a) => a.kind === kind && a.replacement?.name === name).map((a) => a.name),
    norm: normOf(db, life ?? { name, kind, spans: [] }),
  };
  const factors = factorsOf(bare);
  return ok({ ...bare, factors, summary: summaryOf({ ...bare, factors }) });
}

/** As the chosen kernel has it where an overlay gave it another prototype, else as the newest release has it. */
function signatureOf(name: string, life: ApiLife | undefined, kernel: Kernel | null): string | null {
  const entry = kernel?.kfunc(name);
  const overlaid = kernel?.policy && (kernel.policy.changed.has(name) || kernel.policy.added.has(name) || !life);
  if (entry && overlaid) {
    const btf = entry.module === null ? kernel!.btf : kernel!.modules.get(entry.module);
    const signature = btf ? functionSignature(btf, entry.btfId) : undefined;
    if (signature !== undefined) return signature;
  }
  return life?.spans.at(-1)?.signature ?? null;
}

function ageOf(db: ApiDb, life: ApiLife): NonNullable<StabilityRecord["age"]> {
  const rows = lifeRows(db, life);
  const first = rows.findIndex((r) => r.state !== null);
  const unknown = rows.filter((r) => !isKnownAt(db, life, r.kernel)).map((r) => r.kernel);
  return {
    since: life.since, until: life.until,
    after: first > 0 ? (rows.slice(0, first).reverse().find((r) => !unknown.includes(r.kernel))?.kernel ?? null) : null,
    lived: rows.filter((r) => r.state !== null).length, of: rows.length - unknown.length, unknown,
  };
}

function changesOf(db: ApiDb, life: ApiLife | undefined, name: string, kernel: Kernel | null): StabilityRecord["changes"] {
  const out: StabilityRecord["changes"][number][] = [];
  let before: ApiSpan | null = null;
  for (const row of life ? lifeRows(db, life) : []) {
    const state = row.state as ApiSpan | null;
    if (row.change !== null && row.kernel !== life!.since) out.push({ kernel: row.kernel, kind: kindOf(before, state, row.change), what: row.change });
    if (row.state) before = state;
  }
  const { policy } = kernel ?? {};
  if (policy) {
    const here = kernel!.name;
    const deprecated = policy.deprecated.get(name);
    const removed = policy.removed.get(name);
    const changed = policy.changed.get(name);
    const because = (fate: { reason: string | null }): string => (fate.reason === null ? "" : ` (${fate.reason})`);
    if (deprecated) out.push({ kernel: here, kind: "policy", what: `deprecated${deprecated.removedIn === null ? "" : `, goes away in ${deprecated.removedIn}`}${because(deprecated)}` });
    if (removed) out.push({ kernel: here, kind: "policy", what: `removed${removed.removedIn === null ? "" : ` since ${removed.removedIn}`}${because(removed)}` });
    if (changed !== undefined) out.push({ kernel: here, kind: "policy", what: `prototype ${changed}` });
    if (policy.added.has(name)) out.push({ kernel: here, kind: "policy", what: "brought by the custom kernel" });
  }
  return out;
}

function kindOf(before: ApiSpan | null, after: ApiSpan | null, change: string): StabilityRecord["changes"][number]["kind"] {
  if (!after) return "gone";
  if (change === "back again") return "back";
  if (!before) return "other";
  if (before.signature !== after.signature || before.protos.join() !== after.protos.join()) return "signature";
  if (before.flags.join() !== after.flags.join()) return "flags";
  return before.programTypes.join() !== after.programTypes.join() ? "program types" : "other";
}

function usersOf(name: string, table: UsersTable | null): StabilityRecord["users"] {
  if (!table) return null;
  const zero = (): Record<UserKind, number> => ({ project: 0, tree: 0, tests: 0 });
  const totals = zero();
  const searched = zero();
  for (const source of table.sources) searched[source.kind] += source.files;
  const rows = (table.uses.get(name) ?? []).map(({ source, files, examples }) => {
    const from = table.sources[source]!;
    totals[from.kind] += files;
    return { ...from, callers: files, examples };
  });
  const rank: Readonly<Record<UserKind, number>> = { project: 0, tree: 1, tests: 2 };
  rows.sort((a, b) => rank[a.kind] - rank[b.kind] || b.callers - a.callers);
  return { rows, totals, searched };
}

function policySuccessor(name: string, kernel: Kernel | null): StabilityRecord["successor"] {
  const fate = kernel?.policy?.deprecated.get(name) ?? kernel?.policy?.removed.get(name);
  if (!fate || fate.replacement === null) return null;
  return { name: fate.replacement, how: "reviewed", sameArguments: false, since: kernel!.manifest.kernel, note: `named by the custom kernel ${kernel!.policy!.name}` };
}
