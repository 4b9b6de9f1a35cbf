import { err, ok, type Result } from "../base/result.ts";

/** What one kernel has to say about a helper or kfunc. */
export interface ApiAt {
  kernel: string;
  present: boolean;
  signature: string | null;
  flags: readonly string[];
  programTypes: readonly string[];
  module: string | null;
  /** something about it differs from the release before */
  changed: boolean;
  /** false: the kernel's pack cannot tell (a module's kfunc, and a pack without modules) */
  known: boolean;
}

export interface ApiEntry {
  name: string;
  kind: "helper" | "kfunc";
  /** number of a helper */
  id: number | null;
  /** first simulated kernel that has it */
  since: string;
  /** last one that has it, null while the newest does */
  until: string | null;
  replacement: string | null;
  /** how the replacement is known, and what to mind */
  note: string | null;
  /** one for each kernel, oldest first */
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
const fields = (value: unknown): Fields[] => (Array.isArray(value) ? (value as unknown[]).filter(isFields) : []);

const ABSENT = { present: false, signature: null, flags: [], programTypes: [], module: null, changed: false, known: true } as const;

/** Reads public/kernels/api.json (kernel/api-store.ts writes it): APIs as stretches of kernels in which nothing changed. */
export function parseApiData(value: unknown): Result<ApiData, string> {
  if (!isFields(value) || value["schema"] !== 1) return err("its schema is not 1");
  const kernels = fields(value["kernels"]).map((k) => text(k["kernel"])).filter((k): k is string => k !== null);
  const imageOnly = new Set(fields(value["kernels"]).filter((k) => k["imageOnly"] === true).map((k) => text(k["kernel"])));
  const typeLists = Array.isArray(value["programTypes"]) ? (value["programTypes"] as unknown[]).map(texts) : [];
  if (kernels.length === 0 || !Array.isArray(value["apis"])) return err("it lists no APIs");
  const entries: ApiEntry[] = [];
  for (const api of fields(value["apis"])) {
    const name = text(api["name"]);
    const spans = fields(api["spans"]);
    if (name === null || spans.length === 0) continue;
    const at: ApiAt[] = kernels.map((kernel) => ({ kernel, ...ABSENT }));
    for (const [n, span] of spans.entries()) {
      const from = kernels.indexOf(text(span["from"]) ?? "");
      const to = kernels.indexOf(text(span["to"]) ?? "");
      if (from < 0 || to < from) continue;
      for (let i = from; i <= to; i++) {
        at[i] = {
          kernel: kernels[i]!, present: true, signature: text(span["signature"]), flags: texts(span["flags"]),
          programTypes: typeLists[Number(span["types"])] ?? [], module: text(span["module"]), changed: i === from && n > 0 && differs(spans[n - 1]!, span), known: true,
        };
      }
    }
    if (spans.some((span) => text(span["module"]) !== null)) for (const here of at) here.known = here.present || !imageOnly.has(here.kernel);
    const replacement = isFields(api["replacement"]) ? api["replacement"] : null;
    entries.push({
      name, kind: api["kind"] === "helper" ? "helper" : "kfunc", id: typeof api["id"] === "number" ? api["id"] : null,
      since: text(spans[0]!["from"]) ?? kernels[0]!, until: text(api["until"]),
      replacement: replacement ? text(replacement["name"]) : null, note: replacement ? text(replacement["note"]) : null, kernels: at,
    });
  }
  return ok({ kernels, entries, byName: new Map(entries.map((e) => [e.name, e])) });
}

/** Two stretches with a gap between them (a kernel that cannot tell) may say the same. */
function differs(before: Fields, after: Fields): boolean {
  const content = ({ from: _from, to: _to, ...rest }: Fields): string => JSON.stringify(rest);
  return content(before) !== content(after);
}

export type ApiStatus = "current" | "removed" | "changed" | "new";

/** One word for a life: gone from the newest kernel, first seen in one of the last two, changed on the way, or none of these. */
export function statusOf(entry: ApiEntry, kernels: readonly string[]): ApiStatus {
  if (entry.until !== null) return "removed";
  if (kernels.indexOf(entry.since) >= Math.max(1, kernels.length - 2)) return "new";
  return entry.kernels.some((k) => k.changed) ? "changed" : "current";
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
