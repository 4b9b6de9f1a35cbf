/**
 * Where everything that is downloaded or built, and never committed, is kept: `.cache/` at the top of the
 * checkout, or the folder named by BPF_PLAYGROUND_CACHE.
 */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Top folder of the checkout. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Root of the cache. */
export const cacheRoot = process.env.BPF_PLAYGROUND_CACHE ?? join(projectRoot, ".cache");

/** A folder below the cache root, made if missing. */
export function cacheFolder(...parts: string[]): string {
  const path = join(cacheRoot, ...parts);
  mkdirSync(path, { recursive: true });
  return path;
}
