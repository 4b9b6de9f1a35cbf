/**
 * A small description of JSON documents from which both a parser with exact messages and a JSON Schema (draft 2020-12)
 * are made, so that the two cannot differ. The TypeScript type of a document follows from the description too.
 */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";

export type JsonSchema = { readonly [key: string]: unknown };

/** One problem: where (`changes[2].removedIn`), and what was expected and found. */
export interface SchemaError { path: string; message: string }

export interface Shape<T> {
  readonly json: JsonSchema;
  /** for messages: "a string", "true or false" */
  readonly expected: string;
  parse(value: unknown, path: string): Result<T, SchemaError>;
}
export type Infer<S> = S extends Shape<infer T> ? T : never;

/** Marks a field that may be absent. */
export interface Optional<T> { readonly optional: true; readonly shape: Shape<T> }
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: true, shape };
}

type Field = Shape<unknown> | Optional<unknown>;
type Fields = Readonly<Record<string, Field>>;
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? never : K }[keyof F];
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];
type ObjectOf<F extends Fields> = { [K in RequiredKeys<F>]: Infer<F[K]> } & {
  [K in OptionalKeys<F>]?: F[K] extends Optional<infer T> ? T : never;
};

function show(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function fail(path: string, expected: string, value: unknown): Result<never, SchemaError> {
  return err({ path, message: `expected ${expected}, found ${show(value)}` });
}

/**
 * What a form can offer for a text beside a plain field: names to choose from, or an editor of several lines. They stand
 * in the JSON Schema as "x-names" and "x-editor".
 */
export interface TextHints {
  names?: "kfunc" | "helper" | "program type" | "release" | "flag" | "struct";
  editor?: "c" | "expression";
}

export function text(expected: string, options: { pattern?: RegExp; maxLength?: number; description?: string } & TextHints = {}): Shape<string> {
  const { pattern, maxLength = 1000, description, names, editor } = options;
  return {
    expected,
    json: {
      type: "string", maxLength, ...(pattern ? { pattern: pattern.source } : {}), ...(description ? { description } : {}),
      ...(names ? { "x-names": names } : {}), ...(editor ? { "x-editor": editor } : {}),
    },
    parse: (value, path) =>
      typeof value === "string" && value.length <= maxLength && (pattern === undefined || pattern.test(value)) ? ok(value) : fail(path, expected, value),
  };
}

export function boolean(description: string): Shape<boolean> {
  return {
    expected: "true or false",
    json: { type: "boolean", description },
    parse: (value, path) => (typeof value === "boolean" ? ok(value) : fail(path, "true or false", value)),
  };
}

/** A whole number within bounds, both included. */
export function integer(min: number, max: number, description: string): Shape<number> {
  const expected = `a whole number from ${min} to ${max}`;
  return {
    expected,
    json: { type: "integer", minimum: min, maximum: max, description },
    parse: (value, path) => (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? ok(value) : fail(path, expected, value)),
  };
}

/** One of some words. */
export function choice<const T extends string>(words: readonly T[], description: string): Shape<T> {
  const expected = `one of ${words.map((w) => JSON.stringify(w)).join(", ")}`;
  return {
    expected,
    json: { enum: words, description },
    parse: (value, path) => (words.includes(value as T) ? ok(value as T) : fail(path, expected, value)),
  };
}

export function literal<const T extends string | number>(wanted: T): Shape<T> {
  const expected = JSON.stringify(wanted);
  return { expected, json: { const: wanted }, parse: (value, path) => (value === wanted ? ok(wanted) : fail(path, expected, value)) };
}

export function list<T>(item: Shape<T>, options: { maxItems: number; description?: string }): Shape<readonly T[]> {
  const { maxItems, description } = options;
  return {
    expected: "a list",
    json: { type: "array", items: item.json, maxItems, ...(description ? { description } : {}) },
    parse(value, path) {
      if (!Array.isArray(value)) return fail(path, "a list", value);
      if (value.length > maxItems) return err({ path, message: `has ${value.length} entries, at most ${maxItems} are taken` });
      const out: T[] = [];
      for (const [i, entry] of value.entries()) {
        const parsed = item.parse(entry, `${path}[${i}]`);
        if (!parsed.ok) return parsed;
        out.push(parsed.value);
      }
      return ok(out);
    },
  };
}

/** An object with exactly these fields; one that is not described is an error (a misspelt field must not be ignored). */
export function object<F extends Fields>(fields: F, description?: string, title?: string): Shape<ObjectOf<F>> {
  const shapes = new Map<string, { shape: Shape<unknown>; required: boolean }>();
  for (const [name, field] of Object.entries(fields)) {
    shapes.set(name, "optional" in field ? { shape: field.shape, required: false } : { shape: field, required: true });
  }
  return {
    expected: "an object",
    json: {
      type: "object",
      ...(title ? { title } : {}),
      ...(description ? { description } : {}),
      properties: Object.fromEntries([...shapes].map(([name, { shape }]) => [name, shape.json])),
      required: [...shapes].filter(([, s]) => s.required).map(([name]) => name),
      additionalProperties: false,
    },
    parse(value, path) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(path, "an object", value);
      const out: Record<string, unknown> = {};
      const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
      for (const name of Object.keys(value)) {
        if (!shapes.has(name)) return err({ path: at(name), message: `unknown field; there are: ${[...shapes.keys()].join(", ")}` });
      }
      for (const [name, { shape, required }] of shapes) {
        const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
        if (field === undefined) {
          if (required) return err({ path: at(name), message: `is missing; expected ${shape.expected}` });
          continue;
        }
        const parsed = shape.parse(field, at(name));
        if (!parsed.ok) return parsed;
        out[name] = parsed.value;
      }
      return ok(out as ObjectOf<F>);
    },
  };
}

/** Objects told apart by the value of one field. */
export function variants<const S extends readonly Shape<unknown>[]>(tag: string, shapes: S): Shape<Infer<S[number]>> {
  const byTag = new Map<unknown, Shape<unknown>>();
  for (const shape of shapes) {
    const properties = shape.json.properties as Record<string, { const: unknown }>;
    byTag.set(properties[tag]!.const, shape);
  }
  const names = [...byTag.keys()].map((k) => JSON.stringify(k)).join(", ");
  return {
    expected: "an object",
    json: { oneOf: shapes.map((s) => s.json) },
    parse(value, path) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(path, "an object", value);
      const found = Object.hasOwn(value, tag) ? (value as Record<string, unknown>)[tag] : undefined;
      const shape = byTag.get(found);
      if (!shape) return fail(`${path}.${tag}`, `one of ${names}`, found);
      return shape.parse(value, path) as Result<Infer<S[number]>, SchemaError>;
    },
  };
}
