import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The two-step workshop that tests use. */
export const tinyFolder = fileURLToPath(new URL("../../../e2e/workshops/tiny", import.meta.url));

/** Its files, path → text. */
export function tinyFiles(): Record<string, string> {
  const walk = (at: string): string[] => readdirSync(at).flatMap((name) => (statSync(join(at, name)).isDirectory() ? walk(join(at, name)) : [join(at, name)]));
  return Object.fromEntries(walk(tinyFolder).sort().map((path) => [relative(tinyFolder, path).split(sep).join("/"), readFileSync(path, "utf8")]));
}
