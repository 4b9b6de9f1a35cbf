import { createHash } from "node:crypto";
import { CompiledAttempt } from "../session/attempt.ts";
import { emptyProject, mainFile } from "../session/project.ts";
import { kernelOf, ownKernel } from "../workshop/kernels.ts";
import type { Attempt, AttemptBuild, Workshop, WorkshopStep } from "../workshop/types.ts";
import { compileSource } from "./compile-source.ts";
import type { Engine } from "./engine.ts";

/** What clang made of an attempt's files. */
interface Built { build: AttemptBuild; objectId: string | null }

/**
 * Compiles attempts for the validator; they are then judged by the code the page uses. Equal files are compiled once, for a
 * starter is often the solution of the step before.
 */
export class Bench {
  private readonly engine: Engine;
  private readonly built = new Map<string, Promise<Built>>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  async attempt(workshop: Workshop, step: WorkshopStep, files: Readonly<Record<string, string>>): Promise<Attempt> {
    const { release, overlay } = kernelOf(workshop, ownKernel(step)) ?? { release: step.kernel, overlay: null };
    const key = createHash("sha256").update(JSON.stringify([files, release, overlay, step.flags])).digest("hex");
    let built = this.built.get(key);
    if (!built) this.built.set(key, (built = this.make(key, release, overlay, step, files)));
    const { build, objectId } = await built;
    return new CompiledAttempt({ workshop, files, build, objectId, ask: (work) => work(this.engine.core) });
  }

  private async make(key: string, release: string, overlay: string | null, step: WorkshopStep, files: Readonly<Record<string, string>>): Promise<Built> {
    const main = mainFile({ ...emptyProject(), files, activeFile: "" });
    if (main === null) return failed("there is no .c file");
    const compiled = await compileSource(this.engine, { files, main }, release, overlay, step.flags);
    if (!compiled.ok) return failed(compiled.error);
    const told = (severity: string): string[] => compiled.value.diagnostics.filter((d) => d.severity === severity).map((d) => `${d.file}:${d.line}: ${d.message}`);
    const warnings = told("warning");
    if (!compiled.value.object) return failed(told("error")[0] ?? compiled.value.stderr.trim().split("\n")[0] ?? "it did not compile", warnings);
    const summary = await this.engine.core.open(key, compiled.value.object);
    if (!summary.ok) return failed(summary.error.message, warnings);
    return { build: { errors: [], warnings, programs: summary.value.programs.map((p) => p.name) }, objectId: key };
  }
}

function failed(message: string, warnings: readonly string[] = []): Built {
  return { build: { errors: [message], warnings, programs: [] }, objectId: null };
}
