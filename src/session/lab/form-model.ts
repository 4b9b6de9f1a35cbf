/**
 * A form over any JSON document that a JSON Schema describes, as pure functions: what fields there are, and the document
 * after an edit. Nothing here knows an operation of the lab, so that a new one appears in the form by itself. Only the part
 * of JSON Schema that kernel/schema.ts writes is read.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Path = readonly (string | number)[];
export type Schema = Readonly<Record<string, unknown>>;

export type NameKind = "kfunc" | "helper" | "program type" | "release" | "flag" | "struct";

/** How a value is edited. */
export type Control =
  | { kind: "object"; fields: readonly Field[] }
  | { kind: "list"; item: Schema; max: number }
  /** one of several objects, told apart by a word */
  | { kind: "variants"; tag: string; options: readonly { word: string; title: string; about: string; schema: Schema }[] }
  | { kind: "text"; names: NameKind | null; editor: "c" | "expression" | "sentence" | null; max: number; pattern: string | null }
  | { kind: "integer"; min: number; max: number }
  | { kind: "flag" }
  | { kind: "choice"; words: readonly string[] }
  | { kind: "fixed"; value: Json };

export interface Field { name: string; schema: Schema; required: boolean; about: string }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads one node of a schema. One that says nothing known is edited as text. */
export function controlOf(schema: Schema): Control {
  if ("const" in schema) return { kind: "fixed", value: schema["const"] as Json };
  if (Array.isArray(schema["enum"])) return { kind: "choice", words: (schema["enum"] as unknown[]).map(String) };
  const oneOf = schema["oneOf"];
  if (Array.isArray(oneOf)) {
    const options = (oneOf as unknown[]).filter(isObject);
    const tag = tagOf(options);
    return { kind: "variants", tag, options: options.map((o) => ({ word: wordOf(o, tag), title: text(o["title"]) || wordOf(o, tag), about: text(o["description"]), schema: o })) };
  }
  switch (schema["type"]) {
    case "object": {
      const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
      const properties = isObject(schema["properties"]) ? schema["properties"] : {};
      return { kind: "object", fields: Object.entries(properties).filter((e): e is [string, Record<string, unknown>] => isObject(e[1])).map(([name, s]) => ({ name, schema: s, required: required.includes(name), about: text(s["description"]) })) };
    }
    case "array":
      return { kind: "list", item: isObject(schema["items"]) ? schema["items"] : {}, max: typeof schema["maxItems"] === "number" ? schema["maxItems"] : 1000 };
    case "integer":
      return { kind: "integer", min: Number(schema["minimum"] ?? Number.MIN_SAFE_INTEGER), max: Number(schema["maximum"] ?? Number.MAX_SAFE_INTEGER) };
    case "boolean":
      return { kind: "flag" };
    default: {
      const max = typeof schema["maxLength"] === "number" ? schema["maxLength"] : 1000;
      const editor = schema["x-editor"] === "c" || schema["x-editor"] === "expression" ? schema["x-editor"] : schema["pattern"] === undefined && schema["x-names"] === undefined && max >= 400 && max !== 1000 && max !== 2000 ? "sentence" : null;
      return { kind: "text", names: (schema["x-names"] as NameKind | undefined) ?? null, editor, max, pattern: text(schema["pattern"]) || null };
    }
  }
}

/** The property whose value is another constant in each. */
function tagOf(options: readonly Record<string, unknown>[]): string {
  const first = isObject(options[0]?.["properties"]) ? options[0]["properties"] : {};
  return Object.entries(first).find(([name]) => options.every((o) => isObject(o["properties"]) && isObject(o["properties"][name]) && "const" in (o["properties"][name] as object)))?.[0] ?? "op";
}

function wordOf(option: Record<string, unknown>, tag: string): string {
  const property = isObject(option["properties"]) ? option["properties"][tag] : undefined;
  return isObject(property) ? String(property["const"]) : "";
}

/** The smallest value that has everything required. */
export function emptyValue(schema: Schema): Json {
  const control = controlOf(schema);
  switch (control.kind) {
    case "object": return Object.fromEntries(control.fields.filter((f) => f.required).map((f) => [f.name, emptyValue(f.schema)]));
    case "list": return [];
    case "variants": return control.options[0] ? emptyValue(control.options[0].schema) : {};
    case "text": return "";
    case "integer": return Math.max(control.min, Math.min(control.max, 1));
    case "flag": return true;
    case "choice": return control.words[0] ?? "";
    case "fixed": return control.value;
  }
}

/** Which option a value is of; null when its word is none of them. */
export function optionOf(control: Extract<Control, { kind: "variants" }>, value: Json | undefined): (typeof control.options)[number] | null {
  const word = isObject(value) ? value[control.tag] : undefined;
  return control.options.find((o) => o.word === word) ?? null;
}

/** Another option: what both describe stays, the rest of the old value is gone. */
export function switchOption(control: Extract<Control, { kind: "variants" }>, value: Json | undefined, word: string): Json {
  const option = control.options.find((o) => o.word === word);
  if (!option) return value ?? {};
  const fresh = emptyValue(option.schema) as Record<string, Json>;
  const fields = controlOf(option.schema);
  const old = isObject(value) ? (value as Record<string, Json>) : {};
  const kept = fields.kind === "object" ? fields.fields.filter((f) => f.name in old && controlOf(f.schema).kind !== "fixed").map((f) => [f.name, old[f.name]!] as const) : [];
  return { ...fresh, ...Object.fromEntries(kept) };
}

/** "changes[2].removedIn", as the messages of the validator name it. */
export function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

export function valueAt(document: Json, path: Path): Json | undefined {
  let at: unknown = document;
  for (const step of path) {
    if (typeof step === "number" ? !Array.isArray(at) : !isObject(at)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at as Json | undefined;
}

/** The document with a value put somewhere, or (undefined) taken away. What is not on the way keeps its identity and its order. */
export function withValue(document: Json, path: Path, value: Json | undefined): Json {
  if (path.length === 0) return value ?? null;
  const [step, ...rest] = path;
  if (typeof step === "number") {
    const list = Array.isArray(document) ? [...(document as readonly Json[])] : [];
    if (rest.length === 0 && value === undefined) list.splice(step, 1);
    else list[step] = withValue(list[step] ?? (typeof rest[0] === "number" ? [] : {}), rest, value);
    return list;
  }
  const object: Record<string, Json> = isObject(document) ? { ...(document as Record<string, Json>) } : {};
  if (rest.length === 0 && value === undefined) delete object[step!];
  else object[step!] = withValue(object[step!] ?? (typeof rest[0] === "number" ? [] : {}), rest, value);
  return object;
}

/** The list at a path with one entry moved by so many places. */
export function moved(document: Json, path: Path, index: number, by: number): Json {
  const list = valueAt(document, path);
  const to = index + by;
  if (!Array.isArray(list) || to < 0 || to >= list.length) return document;
  const copy = [...(list as Json[])];
  copy.splice(to, 0, copy.splice(index, 1)[0]!);
  return withValue(document, path, copy);
}

export interface Problem { path: string; message: string }

/** Problems that belong at a place: its own, and those below it that no field of its own shows. */
export function problemsAt(problems: readonly Problem[], path: Path, shownBelow: readonly string[] = []): readonly Problem[] {
  const own = pathText(path);
  return problems.filter((p) => {
    if (p.path === own) return true;
    if (own !== "" && !p.path.startsWith(`${own}.`) && !p.path.startsWith(`${own}[`)) return false;
    const rest = own === "" ? p.path : p.path.slice(own.length).replace(/^\./, "");
    const next = /^(?:\[\d+\]|[^.[]+)/.exec(rest)?.[0] ?? "";
    return rest !== "" && !shownBelow.includes(next);
  });
}

/** The document as people write it. */
export function printDocument(document: Json): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Reads a text; undefined when it is not JSON. */
export function readDocument(source: string): Json | undefined {
  try {
    return JSON.parse(source) as Json;
  } catch {
    return undefined;
  }
}

/** One line that says what a change is about: its word and the first names in it. */
export function headline(value: Json | undefined): string {
  if (!isObject(value)) return "";
  // A helper is its number; left out, what it means is nothing.
  if (value["op"] === "helper") return `#${String(value["id"] ?? "?")} = ${typeof value["means"] === "string" && value["means"] !== "" ? value["means"] : "nothing"}`;
  const names: string[] = [];
  for (const [key, v] of Object.entries(value)) {
    if (key === "op" || typeof v !== "string" || v === "" || key === "reason" || key === "about" || key === "since") continue;
    names.push(key === "prototype" ? (/(\w+)\s*\(/.exec(v)?.[1] ?? v) : v);
  }
  return names.slice(0, 2).join(" → ").slice(0, 80);
}
