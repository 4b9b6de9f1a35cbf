import { createHash } from "node:crypto";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { CompileRequest, CompileResult } from "../compiler/types.ts";
import type { Engine } from "./engine.ts";
import type { SourceTree } from "./sources.ts";

export type CompileFlags = Pick<CompileRequest, "opt" | "debug" | "mcpu" | "extraArgs">;

/** Compiles a C file with the vmlinux.h of a kernel; a file that includes none is not made to wait for it. */
export async function compileSource(engine: Engine, sources: SourceTree, kernel: string, overlay: string | null, flags: CompileFlags): Promise<Result<CompileResult, string>> {
  const compiler = await engine.compiler();
  if (!compiler.ok) return compiler;
  const wantsTypes = Object.values(sources.files).some((text) => /vmlinux\.h/.test(text)) || (flags.extraArgs ?? []).some((arg) => arg.includes("vmlinux"));
  let header: CompileRequest["kernel"] = null;
  if (wantsTypes) {
    const text = await engine.core.vmlinuxH(kernel, overlay);
    if (!text.ok) return err(text.error);
    header = { key: createHash("sha256").update(text.value).digest("hex"), vmlinuxH: text.value };
  }
  const request: CompileRequest = { files: sources.files, mainFiles: [sources.main], kernel: header, ...flags };
  // Making the precompiled header costs about what it saves at once; every later compile for this kernel is quick.
  if (header) await compiler.value.precompile(request);
  const result = await compiler.value.compile(request);
  return ok(result.object || !header ? result : await withHints(engine, kernel, result));
}

/** Errors about types that this kernel lacks, with the kernels that have them. */
async function withHints(engine: Engine, kernel: string, result: CompileResult): Promise<CompileResult> {
  const hints = await engine.core.typeHints(kernel, result.diagnostics.map((d) => d.message));
  if (!hints.ok) return result;
  return { ...result, diagnostics: result.diagnostics.map((d, i) => (hints.value[i] ? { ...d, hint: hints.value[i] } : d)) };
}
