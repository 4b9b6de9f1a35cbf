import { createHash } from "node:crypto";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { bodyProgram, uncompiledBodies, withObjects } from "../kernel/lab/bodies.ts";
import { parseOverlay } from "../kernel/overlay.ts";
import type { Engine } from "./engine.ts";

/** Compiles the C bodies of an overlay for one kernel and puts the objects into its text; a text without any is given back as it is. */
export async function withCompiledBodies(engine: Engine, text: string, kernel: string): Promise<Result<string, string>> {
  const overlay = parseOverlay(text);
  if (!overlay.ok) return overlay;
  const sources = uncompiledBodies(overlay.value);
  if (sources.length === 0) return ok(text);
  const compiler = await engine.compiler();
  if (!compiler.ok) return compiler;
  const vmlinuxH = await engine.core.vmlinuxH(kernel, text);
  if (!vmlinuxH.ok) return vmlinuxH;
  const header = { key: createHash("sha256").update(vmlinuxH.value).digest("hex"), vmlinuxH: vmlinuxH.value };
  const objects = new Map<string, Uint8Array>();
  for (const body of sources) {
    const compiled = await compiler.value.compile({ files: { "main.c": bodyProgram(body) }, mainFiles: ["main.c"], kernel: header });
    if (!compiled.object) {
      const first = compiled.diagnostics.find((d) => d.severity === "error");
      return err(`custom kernel: ${body.path}.text${first && first.line > 0 ? ` line ${first.line}` : ""}: ${first?.message ?? "did not compile"}`);
    }
    objects.set(body.path, compiled.object);
  }
  return ok(JSON.stringify(withObjects(overlay.value, objects)));
}
