import { splitKernelName } from "./kernels.ts";
import type { KernelName, WorkshopProblem } from "./types.ts";

/**
 * Reads typed fields out of YAML data written by a stranger; every mismatch becomes a problem with file and path.
 * Scalars arrive as texts (YAML's failsafe schema), so that `kernel: 5.10` stays 5.10.
 */
export class FieldReader {
  readonly problems: WorkshopProblem[];
  readonly file: string;
  readonly path: string;
  private readonly data: Readonly<Record<string, unknown>>;
  private readonly seen = new Set<string>();

  constructor(data: unknown, file: string, path: string, problems: WorkshopProblem[]) {
    this.problems = problems;
    this.file = file;
    this.path = path;
    if (isRecord(data)) this.data = data;
    else {
      this.data = {};
      if (data !== null && data !== undefined) this.fail("", `expected a table of names and values, found ${describe(data)}`);
    }
  }

  fail(key: string, message: string): void {
    this.problems.push({ file: this.file, path: [this.path, key].filter(Boolean).join("."), message });
  }

  raw(key: string): unknown {
    this.seen.add(key);
    return Object.hasOwn(this.data, key) ? this.data[key] : undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  text(key: string, fallback?: string): string {
    const value = this.raw(key);
    if (typeof value === "string") return value;
    if (value === undefined && fallback !== undefined) return fallback;
    this.fail(key, value === undefined ? "is missing" : `expected a text, found ${describe(value)}`);
    return fallback ?? "";
  }

  optionalText(key: string): string | null {
    return this.has(key) && this.raw(key) !== null && this.raw(key) !== "" ? this.text(key) : null;
  }

  number(key: string, fallback?: number): number {
    const value = this.raw(key);
    if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return Number(value);
    if (value === undefined && fallback !== undefined) return fallback;
    this.fail(key, value === undefined ? "is missing" : `expected a number, found ${describe(value)}`);
    return fallback ?? 0;
  }

  /** A number above 0. */
  positive(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (this.has(key) && !(value > 0)) this.fail(key, `expected a number above 0, found ${value}`);
    return value;
  }

  /** Kernels by name: releases, "7.2", or with a custom kernel of labs/, "7.2+NAME". */
  kernelNames(key: string, labs: Readonly<Record<string, string>>): KernelName[] {
    const names = this.texts(key);
    for (const name of names) {
      const parts = splitKernelName(name);
      if (!parts) this.fail(key, `"${name}" is no kernel: a release such as 7.2, or 7.2+NAME with labs/NAME.json`);
      else if (parts.lab !== null && !Object.hasOwn(labs, parts.lab)) this.fail(key, `"${name}": there is no labs/${parts.lab}.json`);
    }
    return names;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key);
    if (value === undefined) return fallback;
    if (value !== "true" && value !== "false") this.fail(key, `expected true or false, found ${describe(value)}`);
    return value === "true";
  }

  choice<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.text(key, fallback);
    const found = choices.find((c) => c === value);
    if (found === undefined) this.fail(key, `expected one of ${choices.join(", ")}, found "${value}"`);
    return found ?? fallback;
  }

  /** A list of texts; one text alone is a list of one. */
  texts(key: string): string[] {
    const value = this.raw(key);
    if (value === undefined || value === null || value === "") return [];
    const list = Array.isArray(value) ? value : [value];
    return list.flatMap((entry: unknown, i) => {
      if (typeof entry === "string") return [entry];
      this.fail(`${key}[${i}]`, `expected a text, found ${describe(entry)}`);
      return [];
    });
  }

  list(key: string): unknown[] {
    const value = this.raw(key);
    if (value === undefined || value === null || value === "") return [];
    if (Array.isArray(value)) return value as unknown[];
    this.fail(key, `expected a list, found ${describe(value)}`);
    return [];
  }

  /** Names nothing asked for are most often misspelt: say so. */
  close(): void {
    for (const key of Object.keys(this.data)) {
      if (!this.seen.has(key)) this.fail(key, `is not a name this format knows; it knows ${[...this.seen].sort().join(", ")}`);
    }
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a table";
  return JSON.stringify(value) ?? typeof value;
}
