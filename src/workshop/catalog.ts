import { err, ok, type Result } from "../base/result.ts";
import { isRecord } from "./reader.ts";
import { LIMITS } from "./parse.ts";
import { safePath } from "./paths.ts";
import type { WorkshopIndexEntry } from "./types.ts";

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/i;
const MAX_ENTRIES = 200;

/** Reads public/workshops/index.json. An entry that is damaged is left out, and does not hide the others. */
export function parseIndex(value: unknown): Result<WorkshopIndexEntry[], string> {
  if (!isRecord(value) || value["schema"] !== 1 || !Array.isArray(value["workshops"])) return err("the list of workshops is not of schema 1");
  const list: unknown[] = value["workshops"];
  return ok(list.slice(0, MAX_ENTRIES).flatMap((entry) => parseEntry(entry) ?? []));
}

function parseEntry(value: unknown): WorkshopIndexEntry | null {
  if (!isRecord(value)) return null;
  const text = (from: Readonly<Record<string, unknown>>, key: string): string => (typeof from[key] === "string" ? from[key] : "");
  const count = (from: Readonly<Record<string, unknown>>, key: string): number => (typeof from[key] === "number" && Number.isFinite(from[key]) ? from[key] : 0);
  const list = (key: string): unknown[] => (Array.isArray(value[key]) ? (value[key] as unknown[]) : []);
  const texts = (key: string): string[] => list(key).filter((x): x is string => typeof x === "string");
  const bundle = text(value, "bundle");
  if (!ID.test(text(value, "id")) || !safePath(bundle)) return null;
  return {
    id: text(value, "id"), kind: value["kind"] === "essay" ? "essay" : "workshop", title: text(value, "title"), summary: text(value, "summary"), minutes: count(value, "minutes"),
    language: text(value, "language") || "en", authors: texts("authors"), license: text(value, "license"),
    steps: list("steps").slice(0, LIMITS.steps).filter(isRecord).map((s) => ({ id: text(s, "id"), title: text(s, "title"), minutes: count(s, "minutes") })),
    kernels: texts("kernels"), bundle, bytes: count(value, "bytes"),
  };
}

/** The files in a workshop's bundle (one JSON file), ready for parseWorkshop, which checks their sizes. */
export function parseBundle(value: unknown): Result<Record<string, string>, string> {
  if (!isRecord(value) || value["schema"] !== 1 || !isRecord(value["files"])) return err("it is not a workshop's bundle of schema 1");
  const files: Record<string, string> = {};
  for (const [path, text] of Object.entries(value["files"])) {
    if (typeof text !== "string") return err(`${path.slice(0, 80)} is not text`);
    if (!safePath(path)) return err(`"${path.slice(0, 80)}" is not a path inside a workshop`);
    files[path] = text;
  }
  return ok(files);
}
