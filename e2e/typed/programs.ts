/**
 * Programs as people type them, right and subtly wrong (`programs/*.c`), compiled with our clang and the vmlinux.h of 7.2, and
 * what real kernels said of them (`recorded/KERNEL.json.gz`).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import type { Engine } from "../../src/cli/engine.ts";
import type { RecordedObject } from "../conformance/recorded.ts";
import { hexDigest } from "../oracle/judge.ts";
import type { RunResult } from "../oracle/run-programs.ts";
import type { TypedRun } from "./runs.ts";

/** Whose vmlinux.h the sources see. */
export const HEADERS = "7.2";

const sources = new URL("./programs/", import.meta.url);
const recorded = new URL("./recorded/", import.meta.url);

/** One kernel's answers about all objects, and what the runs of runs.ts gave on it. */
export interface TypedRecording {
  readonly schema: 1;
  readonly kernel: string;
  readonly release: string;
  readonly libbpf: string;
  readonly objects: readonly RecordedObject[];
  readonly runs: readonly { readonly run: TypedRun; readonly result: Omit<RunResult, "name"> }[];
}

/** Names of the sources, without ".c", in order. */
export const sourceNames = (): string[] => readdirSync(sources).filter((name) => name.endsWith(".c")).map((name) => name.slice(0, -2)).sort();

/** Path of a source, for who wants to show it. */
export const sourcePath = (name: string): string => fileURLToPath(new URL(`${name}.c`, sources));

/**
 * Compiles sources, as the page does at -O2: name → object. Throws with the compiler's text when one does not compile. With a folder to
 * keep objects in, a source that was compiled before is not compiled again.
 */
export async function compileTyped(engine: Engine, names: readonly string[] = sourceNames(), kept?: string): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>();
  for (const name of names) {
    const text = readFileSync(new URL(`${name}.c`, sources), "utf8");
    const path = kept === undefined ? undefined : join(kept, `${name}.${hexDigest(Buffer.from(text)).slice(0, 16)}.bpf.o`);
    const object = path !== undefined && existsSync(path) ? new Uint8Array(readFileSync(path)) : await compileOne(engine, `${name}.c`, text);
    if (path !== undefined && !existsSync(path)) writeFileSync(path, object);
    objects.set(name, object);
  }
  return objects;
}

async function compileOne(engine: Engine, file: string, text: string): Promise<Uint8Array> {
  const made = unwrap(await compileSource(engine, { files: { [file]: text }, main: file }, HEADERS, null, { opt: "-O2", debug: true }));
  if (!made.object) throw new Error(made.stderr);
  return made.object;
}

/** Whether the archive has the kernel's .config; without it neither libbpf nor we know what an extern CONFIG_… is. */
export const hasConfig = (kernel: string): boolean => !["6.19", "7.0", "7.1"].includes(kernel);

/** Whether a kernel was asked about a source: those with Kconfig externs need the kernel's .config. */
export const askedOf = (kernel: string, name: string): boolean => hasConfig(kernel) || !/__kconfig\b/.test(readFileSync(new URL(`${name}.c`, sources), "utf8"));

/** Kernels with recorded answers, oldest first. */
export function listTyped(): string[] {
  if (!existsSync(recorded)) return [];
  const names = readdirSync(recorded).flatMap((name) => /^([\d.]+)\.json\.gz$/.exec(name)?.[1] ?? []);
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Reads a kernel's answers. Throws when there are none. */
export const readTyped = (kernel: string): TypedRecording => JSON.parse(gunzipSync(readFileSync(new URL(`${kernel}.json.gz`, recorded))).toString("utf8")) as TypedRecording;

/** Writes a kernel's answers; the same answers give the same bytes. */
export function writeTyped(recording: TypedRecording): void {
  mkdirSync(recorded, { recursive: true });
  writeFileSync(new URL(`${recording.kernel}.json.gz`, recorded), gzipSync(JSON.stringify(recording), { level: 9 }));
}
