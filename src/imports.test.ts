/** The house's rules about imports and paths, as failing tests: see README.md for the picture. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL(".", import.meta.url));
const root = dirname(src.replace(/[\\/]$/, ""));

/** What each room may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  isa: ["base"],
  elf: ["base", "isa"],
  btf: ["base", "isa", "elf"],
  kernel: ["base", "isa", "elf", "btf"],
  loader: ["base", "isa", "elf", "btf", "kernel"],
  verifier: ["base", "isa", "elf", "btf", "kernel", "loader"],
  // The emulator learns from the verifier only what it says of a program (types).
  emulator: ["base", "isa", "elf", "btf", "kernel", "loader"],
  jit: ["base", "isa", "elf", "btf", "kernel", "loader", "emulator"],
  compiler: ["base"],
  workshop: ["base"],
  workers: ["base", "isa", "elf", "btf", "kernel", "loader", "verifier", "emulator", "jit", "compiler"],
  session: ["base", "workers", "workshop"],
  ui: ["base", "workers", "session", "workshop"],
  cli: ["base", "isa", "elf", "btf", "kernel", "loader", "verifier", "emulator", "jit", "compiler", "workers", "session", "workshop"],
};

/** Rooms that may take any other room's types with `import type`: they show what the core computes. */
const TYPES_FROM_ANYWHERE = new Set(["session", "ui", "workshop"]);

/** Imports that break the rule for a reason, "from → to". Each must still be needed. */
const DEBTS: Readonly<Record<string, string>> = {};

interface Import { from: string; to: string; typeOnly: boolean }

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

function posix(path: string): string {
  return relative(src, path).split(sep).join("/");
}

/** Static and dynamic imports and re-exports of a file that lead to another file of ours. */
function importsOf(path: string): Import[] {
  const text = readFileSync(path, "utf8");
  const found: Import[] = [];
  const statement = /^\s*(?:import|export)\s+(?<type>type\s)?(?<names>[^'";]*?from\s*)?["'](?<to>\.[^"']+)["']|\bimport\(\s*["'](?<dynamic>\.[^"']+)["']\s*\)/gm;
  for (const { groups } of text.matchAll(statement)) {
    const target = groups?.to ?? groups?.dynamic;
    if (target === undefined) continue;
    const names = groups?.names?.match(/\{([^}]*)\}/)?.[1]?.split(",").map((n) => n.trim()).filter((n) => n !== "") ?? [];
    const inline = names.length > 0 && names.every((n) => n.startsWith("type ")) && !/^\s*\w+\s*,/.test(groups?.names ?? "");
    found.push({ from: posix(path), to: posix(resolve(dirname(path), target.replace(/\?.*$/, ""))), typeOnly: groups?.type !== undefined || inline });
  }
  return found;
}

const room = (path: string): string => (path.includes("/") ? path.slice(0, path.indexOf("/")) : "");
const files = sources(src);
const production = files.filter((f) => !/\.(test|bench)\.tsx?$/.test(f) && !f.includes(`${sep}testing${sep}`));

describe("imports", () => {
  const wrong: string[] = [];
  for (const path of production) {
    for (const edge of importsOf(path)) {
      const [from, to] = [room(edge.from), room(edge.to)];
      if (from === "" || from === to) continue;
      if (edge.to.startsWith("..")) {
        wrong.push(`${edge.from} → ${edge.to}`);
        continue;
      }
      const allowed = MAY_IMPORT[from]?.includes(to) || (edge.typeOnly && TYPES_FROM_ANYWHERE.has(from)) || (edge.typeOnly && from === "emulator" && to === "verifier");
      if (!allowed) wrong.push(`${edge.from} → ${edge.to}`);
    }
  }

  it("run one way: base ← isa ← {elf, btf} ← kernel ← loader ← {verifier, emulator ← jit}; {workers, workshop} ← session ← {ui, cli}", () => {
    expect(wrong.filter((edge) => !(edge in DEBTS))).toEqual([]);
  });
  it("the list of debts holds no paid ones", () => {
    expect(Object.keys(DEBTS).filter((edge) => !wrong.includes(edge))).toEqual([]);
  });
  it("every room is known to the rule", () => {
    const rooms = new Set(files.map(posix).map(room).filter((r) => r !== ""));
    expect([...rooms].filter((r) => !(r in MAY_IMPORT))).toEqual([]);
  });
  it("session and ui take of workers only interfaces: the engines stay in their workers", () => {
    const engines = production.flatMap(importsOf).filter((e) => ["session", "ui"].includes(room(e.from)) && room(e.to) === "workers" && !e.typeOnly);
    // A page starts a worker by its URL, or through a client that holds one.
    expect(engines.filter((e) => !/(-api|-client|\.worker|-host|-url)\.ts$/.test(e.to)).map((e) => `${e.from} → ${e.to}`)).toEqual([]);
  });
});

describe("the tree", () => {
  it("file names are kebab-case", () => {
    const names = files.map((f) => f.split(sep).at(-1)!);
    expect(names.filter((n) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*\.tsx?$/.test(n))).toEqual([]);
  });
  it("nothing names an absolute path of a machine", () => {
    const folders = ["src", "e2e", "wasm", ".ci"].map((f) => join(root, f));
    const texts = [...folders.flatMap(textFiles), ...["package.json", "README.md", "NOTICE", "vite.config.ts", "vitest.config.ts"].map((f) => join(root, f)).filter(exists)];
    // Home folders anywhere, and where this checkout happens to lie (unless that is too short to tell).
    const here = root.split(sep).filter((part) => part !== "").length >= 2 ? root.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : "(?!)";
    const forbidden = new RegExp(`(?<![\\w.])/(?:home|root|Users)/[a-z]|${here}`);
    expect(texts.filter((f) => forbidden.test(readFileSync(f, "utf8"))).map((f) => relative(root, f))).toEqual([]);
  });
});

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function textFiles(folder: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path);
    if (stat.isDirectory()) return textFiles(path);
    return stat.size < 1_000_000 && /(\.(tsx?|mjs|js|json|sh|c|h|txt|md|cmake|html|css|patch|yaml)|\/run)$/.test(path) && path !== fileURLToPath(import.meta.url) ? [path] : [];
  });
}
