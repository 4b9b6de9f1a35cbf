import { err, ok, type Result } from "../base/result.ts";

/** What one kernel has to say about a helper or kfunc. */
export interface ApiAt {
  kernel: string;
  present: boolean;
  signature: string | null;
  flags: readonly string[];
  programTypes: readonly string[];
  module: string | null;
  /** what differs from the release before */
  change: string | null;
}

export interface ApiEntry {
  name: string;
  kind: "helper" | "kfunc";
  /** number of a helper */
  id: number | null;
  /** first simulated kernel that has it */
  since: string | null;
  /** last one that has it, null while the newest does */
  until: string | null;
  replacement: string | null;
  note: string | null;
  kernels: readonly ApiAt[];
}

export interface ApiData {
  /** oldest first */
  kernels: readonly string[];
  entries: readonly ApiEntry[];
  byName: ReadonlyMap<string, ApiEntry>;
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((x): x is string => typeof x === "string") : []);

/** Reads public/kernels/api.json: `{schema: 1, kernels, apis}`, each API as `api NAME --json` prints it. */
export function parseApiData(value: unknown): Result<ApiData, string> {
  if (!isFields(value) || value["schema"] !== 1) return err("its schema is not 1");
  const kernels = texts(value["kernels"]);
  const list = value["apis"] ?? value["entries"];
  if (!Array.isArray(list)) return err("it lists no APIs");
  const entries: ApiEntry[] = [];
  for (const item of list as unknown[]) {
    if (!isFields(item) || typeof item["name"] !== "string") continue;
    const at = Array.isArray(item["kernels"]) ? (item["kernels"] as unknown[]).filter(isFields) : [];
    entries.push({
      name: item["name"],
      kind: item["kind"] === "helper" ? "helper" : "kfunc",
      id: typeof item["id"] === "number" ? item["id"] : null,
      since: text(item["since"]),
      until: text(item["until"]),
      replacement: text(item["replacement"]),
      note: text(item["note"]),
      kernels: at.map((k) => ({
        kernel: text(k["kernel"]) ?? "", present: k["present"] === true, signature: text(k["signature"]), flags: texts(k["flags"]),
        programTypes: texts(k["program_types"]), module: text(k["module"]), change: text(k["change"]),
      })),
    });
  }
  const byName = new Map(entries.map((e) => [e.name, e]));
  return ok({ kernels, entries, byName });
}

export type ApiStatus = "current" | "removed" | "changed" | "new";

/** One word for a life: gone from the newest kernel, first seen in one of the last two, changed on the way, or none of these. */
export function statusOf(entry: ApiEntry, kernels: readonly string[]): ApiStatus {
  if (entry.until !== null) return "removed";
  if (entry.since !== null && kernels.indexOf(entry.since) >= kernels.length - 2) return "new";
  return entry.kernels.some((k) => k.change !== null && k.kernel !== entry.since) ? "changed" : "current";
}

export interface ApiFilter { query: string; kind: "all" | "helper" | "kfunc"; status: "all" | ApiStatus; programType: string; flag: string }

export function filterApis(data: ApiData, filter: ApiFilter): ApiEntry[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter((w) => w !== "");
  return data.entries.filter((entry) => {
    if (filter.kind !== "all" && entry.kind !== filter.kind) return false;
    if (filter.status !== "all" && statusOf(entry, data.kernels) !== filter.status) return false;
    if (filter.programType !== "" && !entry.kernels.some((k) => k.programTypes.includes(filter.programType))) return false;
    if (filter.flag !== "" && !entry.kernels.some((k) => k.flags.includes(filter.flag))) return false;
    if (words.length === 0) return true;
    const name = entry.name.toLowerCase();
    return words.every((w) => name.includes(w) || String(entry.id) === w);
  });
}

/** Everything that differs between two kernels, as one list. */
export function changesBetween(data: ApiData, from: string, to: string): { entry: ApiEntry; kind: "added" | "removed" | "changed"; what: string }[] {
  const a = data.kernels.indexOf(from);
  const b = data.kernels.indexOf(to);
  if (a < 0 || b < 0) return [];
  const [older, newer] = a <= b ? [a, b] : [b, a];
  const out: { entry: ApiEntry; kind: "added" | "removed" | "changed"; what: string }[] = [];
  for (const entry of data.entries) {
    const at = (index: number): ApiAt | undefined => entry.kernels.find((k) => k.kernel === data.kernels[index]);
    const before = at(older);
    const after = at(newer);
    if (!before?.present && after?.present) out.push({ entry, kind: "added", what: after.signature ?? "" });
    else if (before?.present && !after?.present) out.push({ entry, kind: "removed", what: entry.replacement ? `use ${entry.replacement}` : "" });
    else if (before?.present && after?.present) {
      const changes: string[] = [];
      if (before.signature !== after.signature && before.signature && after.signature) changes.push(`${before.signature} → ${after.signature}`);
      const plus = after.flags.filter((f) => !before.flags.includes(f));
      const minus = before.flags.filter((f) => !after.flags.includes(f));
      if (plus.length + minus.length > 0) changes.push([...plus.map((f) => `+${f}`), ...minus.map((f) => `−${f}`)].join(" "));
      const plusTypes = after.programTypes.filter((t) => !before.programTypes.includes(t));
      const minusTypes = before.programTypes.filter((t) => !after.programTypes.includes(t));
      if (plusTypes.length > 0) changes.push(`also for ${plusTypes.join(", ")}`);
      if (minusTypes.length > 0) changes.push(`no longer for ${minusTypes.join(", ")}`);
      if (changes.length > 0) out.push({ entry, kind: "changed", what: changes.join("; ") });
    }
  }
  return out;
}
