import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../e2e/workshops/tiny", import.meta.url));

/** The files of the two-step workshop that tests use, path → text. */
export function tinyFiles(): Record<string, string> {
  const walk = (at: string): string[] => readdirSync(at).flatMap((name) => (statSync(join(at, name)).isDirectory() ? walk(join(at, name)) : [join(at, name)]));
  return Object.fromEntries(walk(folder).sort().map((path) => [relative(folder, path).split(sep).join("/"), readFileSync(path, "utf8")]));
}
