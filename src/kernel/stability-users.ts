/** The shipped table of who calls what (public/kernels/users.json, made by `npm run api-users`). */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { UserCount, UserKind, UsersTable } from "./stability-types.ts";

const KINDS: readonly UserKind[] = ["project", "tree", "tests"];

/** The table as text, an API a line; equal tables give equal bytes. */
export function storeUsers(table: UsersTable): string {
  const lines = (items: readonly string[]): string => items.join(",\n");
  const uses = [...table.uses].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{"schema":1,"sources":[\n${lines(table.sources.map((s) => JSON.stringify(s)))}\n],"uses":{\n${
    lines(uses.map(([name, counts]) => `${JSON.stringify(name)}:${JSON.stringify(counts.map((c) => [c.source, c.files, c.examples]))}`))}\n}}\n`;
}

/** Reads what storeUsers wrote. The error says what is wrong with it. */
export function loadUsers(text: string): Result<UsersTable, string> {
  const bad = (why: string): Result<never, string> => err(`the table of users (kernels/users.json) ${why}`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return bad("is not JSON");
  }
  const { schema, sources, uses } = (data ?? {}) as { schema?: unknown; sources?: unknown; uses?: unknown };
  if (schema !== 1 || !Array.isArray(sources) || typeof uses !== "object" || uses === null) return bad("does not have schema 1");
  for (const s of sources as Partial<UsersTable["sources"][number]>[]) {
    const good = typeof s?.name === "string" && typeof s.version === "string" && typeof s.files === "number" && KINDS.includes(s.kind as UserKind) && (s.form === "objects" || s.form === "source");
    if (!good) return bad("has a damaged source");
  }
  const table = new Map<string, UserCount[]>();
  for (const [name, rows] of Object.entries(uses as Record<string, unknown>)) {
    if (!Array.isArray(rows)) return bad(`is damaged at ${name}`);
    const counts: UserCount[] = [];
    for (const row of rows as unknown[]) {
      if (!Array.isArray(row) || typeof row[0] !== "number" || sources[row[0]] === undefined || typeof row[1] !== "number" || !Array.isArray(row[2])) return bad(`is damaged at ${name}`);
      counts.push({ source: row[0], files: row[1], examples: (row[2] as unknown[]).filter((x): x is string => typeof x === "string") });
    }
    table.set(name, counts);
  }
  return ok({ sources: sources as UsersTable["sources"], uses: table });
}
