import { readFileSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";

/** A C file with the files of the user's that it includes, as the compiler wants them. */
export interface SourceTree {
  /** path below the tree's root → text */
  files: Readonly<Record<string, string>>;
  main: string;
}

const MAX_FILES = 200;
const MAX_BYTES = 10_000_000;

/** Reads a C file and, following `#include "…"`, what lies beside it. An include that is not found is left for clang to tell of. */
export function readSources(path: string): Result<SourceTree, string> {
  const found = new Map<string, string>();
  const todo = [resolve(path)];
  let bytes = 0;
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (found.has(file)) continue;
    let text: string;
    try {
      if (!statSync(file).isFile()) continue;
      text = readFileSync(file, "utf8");
    } catch {
      if (found.size === 0) return err(`${path}: cannot be read`);
      continue;
    }
    bytes += text.length;
    if (found.size >= MAX_FILES || bytes > MAX_BYTES) return err(`${path}: includes more than ${MAX_FILES} files or ${MAX_BYTES} bytes`);
    found.set(file, text);
    for (const match of text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm)) todo.push(resolve(dirname(file), match[1]!));
  }
  const root = commonFolder([...found.keys()].map((file) => dirname(file)));
  const name = (file: string): string => relative(root, file).split(sep).join("/");
  return ok({ files: Object.fromEntries([...found].map(([file, text]) => [name(file), text])), main: name(resolve(path)) });
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0]!.split(sep);
  for (const folder of folders) {
    const parts = folder.split(sep);
    let same = 0;
    while (same < common.length && same < parts.length && common[same] === parts[same]) same++;
    common = common.slice(0, same);
  }
  return common.join(sep) || sep;
}
