/**
 * Mutants of the typed programs (e2e/typed), and what real kernels said of them (`recorded/KERNEL.json.gz`): small enough to stay in
 * the tree, so that `npm test` makes them anew from their seeds and compares.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import type { TypedRecording } from "../typed/programs.ts";
import { mutantSeed, mutate } from "./mutate.ts";

/** Each object in so many variations. */
export const SEEDS = [1, 2, 3];

const folder = fileURLToPath(new URL("./recorded/", import.meta.url));

/** Name and seed → mutant, for every object and seed: "xdp-parse~2". */
export function typedMutants(objects: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const mutants = new Map<string, Uint8Array>();
  for (const [name, bytes] of objects) for (const seed of SEEDS) {
    const mutant = mutate(bytes, mutantSeed(seed, name));
    if (mutant) mutants.set(`${name}~${seed}`, mutant.bytes);
  }
  return mutants;
}

/** The typed program that a mutant was made of. */
export const origin = (mutant: string): string => mutant.replace(/~\d+$/, "");

/** A kernel's answers about all mutants; they are not run. */
export type MutantRecording = Omit<TypedRecording, "runs">;

/** Kernels with recorded answers, oldest first. */
export function listMutantRecordings(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /^([\d.]+)\.json\.gz$/.exec(name)?.[1] ?? []).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Reads a kernel's answers. Throws when there are none. */
export const readMutants = (kernel: string): MutantRecording => JSON.parse(gunzipSync(readFileSync(`${folder}${kernel}.json.gz`)).toString("utf8")) as MutantRecording;

/** Writes a kernel's answers; the same answers give the same bytes. */
export function writeMutants(recording: MutantRecording): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${recording.kernel}.json.gz`, gzipSync(JSON.stringify(recording), { level: 9 }));
}
