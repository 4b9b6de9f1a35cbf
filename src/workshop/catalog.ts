import { err, ok, type Result } from "../base/result.ts";
import { isRecord } from "./reader.ts";
import type { Workshop } from "./types.ts";

/**
 * What a list of workshops says of each, so that it can be offered and fetched without a listing of its folder:
 * public/workshops/index.json is `{"schema":1,"workshops":[CatalogEntry…]}`, made from the folders beside it.
 */
export interface CatalogEntry {
  /** the workshop's id and the name of its folder */
  id: string;
  kind: Workshop["kind"];
  title: string;
  summary: string;
  minutes: number;
  language: string;
  /** how many steps there are */
  steps: number;
  /** every kernel that its steps and checks name, oldest first */
  kernels: readonly string[];
  /** paths below the workshop's folder, `workshop.md` first */
  files: readonly string[];
}

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/i;
const MAX_ENTRIES = 200;

/** True for a relative path that stays where it is put: plain names with "/" between them. */
export function safePath(path: string): boolean {
  return path.length > 0 && path.length <= 200 && path.split("/").every((name) => /^[\w+@(),=-][\w .+@(),=-]*$/.test(name) || /^\.[\w-]+$/.test(name));
}

/** The entry for a workshop with these files. */
export function catalogEntry(workshop: Workshop, paths: readonly string[]): CatalogEntry {
  const { id, kind, title, summary, minutes, language, steps } = workshop;
  const files = [...paths].sort((a, b) => Number(b === "workshop.md") - Number(a === "workshop.md") || (a < b ? -1 : 1));
  return { id, kind, title, summary, minutes, language, steps: steps.length, kernels: kernelsOf(workshop), files };
}

/** Every kernel that steps and checks name, oldest first. */
export function kernelsOf(workshop: Workshop): string[] {
  const named = new Set<string>();
  for (const step of workshop.steps) {
    named.add(step.kernel);
    for (const check of step.checks) if ("kernels" in check) for (const kernel of check.kernels) named.add(kernel);
  }
  const key = (kernel: string): number => Number(kernel.split(".")[0]) * 1000 + Number(kernel.split(".")[1] ?? 0);
  return [...named].sort((a, b) => key(a) - key(b));
}

/** Reads an index. An entry that is damaged is left out; one damaged entry does not hide the others. */
export function parseCatalog(value: unknown): Result<CatalogEntry[], string> {
  if (!isRecord(value) || value["schema"] !== 1 || !Array.isArray(value["workshops"])) return err("the list of workshops is not of schema 1");
  const list: unknown[] = value["workshops"];
  return ok(list.slice(0, MAX_ENTRIES).flatMap((entry) => parseEntry(entry) ?? []));
}

function parseEntry(value: unknown): CatalogEntry | null {
  if (!isRecord(value)) return null;
  const text = (key: string): string => (typeof value[key] === "string" ? value[key] : "");
  const count = (key: string): number => (typeof value[key] === "number" && Number.isFinite(value[key]) ? value[key] : 0);
  const texts = (key: string): string[] => (Array.isArray(value[key]) ? (value[key] as unknown[]).filter((x): x is string => typeof x === "string") : []);
  const files = texts("files");
  if (!ID.test(text("id")) || !files.includes("workshop.md") || !files.every(safePath)) return null;
  return {
    id: text("id"), kind: value["kind"] === "essay" ? "essay" : "workshop", title: text("title"), summary: text("summary"), minutes: count("minutes"),
    language: text("language") || "en", steps: count("steps"), kernels: texts("kernels"), files,
  };
}
