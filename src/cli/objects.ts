/** Input files of check, run and disasm: objects as they are, C files compiled for each kernel. */
import { basename } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { CompileResult } from "../compiler/types.ts";
import type { LoadError } from "../loader/types.ts";
import type { ObjectSummary } from "../workers/kernel-api.ts";
import type { Column } from "./columns.ts";
import { compileSource } from "./compile-source.ts";
import type { Engine } from "./engine.ts";
import { readInput } from "./engine.ts";
import { readSources } from "./sources.ts";
import type { SourceTree } from "./sources.ts";

/** A file as one kernel gets it: opened under an id, or why it could not be. */
export type OpenedInput =
  | { kind: "open"; id: string; summary: ObjectSummary; compiled: CompileResult | null }
  | { kind: "compile error"; compiled: CompileResult; sources: SourceTree }
  | { kind: "no compile"; message: string }
  | { kind: "refused"; error: LoadError; compiled: CompileResult | null };

/** Opens a file for each of the kernels, with the same overlay on all. */
export function openInput(engine: Engine, path: string, kernels: readonly string[], overlay: string | null): Promise<Result<ReadonlyMap<string, OpenedInput>, string>> {
  return openColumns(engine, path, kernels.map((kernel) => ({ kernel, overlay, lab: null, label: kernel })));
}

/** Opens a file for each column, by the column's label. The error is for a file that cannot be read, or is neither C nor an object. */
export async function openColumns(engine: Engine, path: string, columns: readonly Column[]): Promise<Result<ReadonlyMap<string, OpenedInput>, string>> {
  const opened = new Map<string, OpenedInput>();
  if (path.endsWith(".c")) {
    const sources = readSources(path);
    if (!sources.ok) return sources;
    for (const { kernel, overlay, label } of columns) {
      const compiled = await compileSource(engine, sources.value, kernel, overlay, {});
      if (!compiled.ok) opened.set(label, { kind: "no compile", message: compiled.error });
      else if (!compiled.value.object) opened.set(label, { kind: "compile error", compiled: compiled.value, sources: sources.value });
      else opened.set(label, await openObject(engine, path, `${path}\n${label}`, compiled.value.object, compiled.value));
    }
    return ok(opened);
  }
  const bytes = await readInput(path);
  if (!bytes.ok) return bytes;
  const isElf = bytes.value.length >= 4 && bytes.value[0] === 0x7f && bytes.value[1] === 0x45 && bytes.value[2] === 0x4c && bytes.value[3] === 0x46;
  if (!isElf) return err(`${path}: is neither a C file (.c) nor an ELF object`);
  const one = await openObject(engine, path, path, bytes.value, null);
  for (const { label } of columns) opened.set(label, one);
  return ok(opened);
}

async function openObject(engine: Engine, path: string, id: string, bytes: Uint8Array, compiled: CompileResult | null): Promise<OpenedInput> {
  const summary = await engine.core.open(id, bytes, basename(path).replace(/\..*$/, "") || undefined);
  return summary.ok ? { kind: "open", id, summary: summary.value, compiled } : { kind: "refused", error: summary.error, compiled };
}

/** Names of the programs in a file, over all kernels it was compiled for, in order. */
export function programsOf(inputs: ReadonlyMap<string, OpenedInput>): string[] {
  const names = new Set<string>();
  for (const input of inputs.values()) if (input.kind === "open") for (const program of input.summary.programs) names.add(program.name);
  return [...names];
}
