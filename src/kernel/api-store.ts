/** The database as it stands in public/kernels/api.json: the same facts, lists of program types written once. */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { ApiDb, ApiLife, ApiReplacement } from "./api-types.ts";

interface StoredSpan { from: string; to: string; signature: string; flags?: readonly string[]; types: number; module?: string; protos?: readonly string[] }
interface StoredLife { name: string; kind: "helper" | "kfunc"; id?: number; until?: string; replacement?: ApiReplacement; spans: readonly StoredSpan[] }
interface StoredDb { schema: 1; kernels: ApiDb["kernels"]; programTypes: readonly (readonly string[])[]; apis: readonly StoredLife[] }

/** The database as text; equal databases give equal bytes. One API a line, so that a change shows as one in a diff. */
export function storeApiDb(db: ApiDb): string {
  const index = new Map<string, number>();
  const programTypes: (readonly string[])[] = [];
  const apis = db.apis.map((life): StoredLife => ({
    name: life.name,
    kind: life.kind,
    ...(life.id === null ? {} : { id: life.id }),
    ...(life.until === null ? {} : { until: life.until }),
    ...(life.replacement === null ? {} : { replacement: life.replacement }),
    spans: life.spans.map((span): StoredSpan => {
      const key = span.programTypes.join();
      if (!index.has(key)) {
        index.set(key, programTypes.length);
        programTypes.push(span.programTypes);
      }
      return {
        from: span.from, to: span.to, signature: span.signature, types: index.get(key)!,
        ...(span.flags.length > 0 ? { flags: span.flags } : {}),
        ...(span.module === null ? {} : { module: span.module }),
        ...(span.protos.length > 0 ? { protos: span.protos } : {}),
      };
    }),
  }));
  const lines = (items: readonly unknown[]): string => items.map((item) => JSON.stringify(item)).join(",\n");
  return `{"schema":1,"kernels":[\n${lines(db.kernels)}\n],"programTypes":[\n${lines(programTypes)}\n],"apis":[\n${lines(apis)}\n]}\n`;
}

/** Reads what storeApiDb wrote. */
export function loadApiDb(text: string): Result<ApiDb, string> {
  let stored: StoredDb;
  try {
    stored = JSON.parse(text) as StoredDb;
  } catch {
    return err("the database of helpers and kfuncs (kernels/api.json) is not JSON");
  }
  if (stored?.schema !== 1 || !Array.isArray(stored.kernels) || !Array.isArray(stored.apis) || !Array.isArray(stored.programTypes)) {
    return err("the database of helpers and kfuncs (kernels/api.json) does not have schema 1");
  }
  const apis: ApiLife[] = [];
  for (const life of stored.apis) {
    if (typeof life?.name !== "string" || !Array.isArray(life.spans) || life.spans.length === 0) return err("the database of helpers and kfuncs (kernels/api.json) is damaged");
    apis.push({
      name: life.name, kind: life.kind, id: life.id ?? null, since: life.spans[0]!.from, until: life.until ?? null, replacement: life.replacement ?? null,
      spans: life.spans.map((s: StoredSpan) => ({
        from: s.from, to: s.to, signature: s.signature, flags: s.flags ?? [], programTypes: stored.programTypes[s.types] ?? [], module: s.module ?? null, protos: s.protos ?? [],
      })),
    });
  }
  return ok({ kernels: stored.kernels, apis });
}
