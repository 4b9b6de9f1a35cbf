import { existsSync, readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { makeKernel } from "../../kernel/kernel.ts";
import { decodePack, openPack } from "../../kernel/pack.ts";
import type { Kernel } from "../../kernel/types.ts";
import { unwrap } from "../../base/result.ts";

const folder = new URL("../../../public/kernels/", import.meta.url);
const opened = new Map<string, Kernel>();

export function hasPack(release: string): boolean {
  return existsSync(new URL(`${release}.pack`, folder));
}

/** The simulated kernel of a release, from its pack in the tree. */
export async function realKernel(release: string): Promise<Kernel> {
  const known = opened.get(release);
  if (known) return known;
  const bytes = new Uint8Array(readFileSync(new URL(`${release}.pack`, folder)));
  const decoded = unwrap(await decodePack(bytes, (encoding, data) => new Uint8Array(encoding === "gzip" ? gunzipSync(data) : brotliDecompressSync(data))));
  const kernel = unwrap(makeKernel(unwrap(openPack(decoded))));
  opened.set(release, kernel);
  return kernel;
}
