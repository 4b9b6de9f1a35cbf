import { createHash } from "node:crypto";
import { fromHex, toHex } from "../base/bytes.ts";
import type { MapDump } from "../emulator/types.ts";
import { PRESETS } from "../session/packets/presets.ts";
import { emptyProject, mainFile } from "../session/project.ts";
import type { RunInput } from "../workers/kernel-api.ts";
import { plainHex } from "../workshop/checks.ts";
import { kernelOf, ownKernel } from "../workshop/kernels.ts";
import type { Attempt, AttemptBuild, AttemptRun, StepInput, Workshop, WorkshopStep } from "../workshop/types.ts";
import { compileSource } from "./compile-source.ts";
import type { Engine } from "./engine.ts";

/** A compiled attempt: its object under the id it has in the core, or none. */
interface Built extends AttemptBuild { object: { id: string; bytes: Uint8Array } | null }

/** Compiles and judges attempts for the validator; equal files are compiled once, for a starter is often the solution of the step before. */
export class Bench {
  private readonly engine: Engine;
  private readonly built = new Map<string, Promise<Built>>();
  /** the object asked about last is open; the core keeps only a few */
  private open = "";
  /** compiles that were really made */
  compiles = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  attempt(workshop: Workshop, step: WorkshopStep, files: Readonly<Record<string, string>>): Attempt {
    const { core } = this.engine;
    const build = (): Promise<Built> => this.build(workshop, step, files);
    const opened = async (): Promise<string> => this.reopen((await build()).object);
    const judge = async (program: string, name: string, logLevel: number) => {
      const { release, overlay } = this.kernel(workshop, name);
      return core.check(await opened(), program, release, overlay, { logLevel });
    };
    return {
      files,
      compile: build,
      verdict: async (program, name) => {
        const v = await judge(program, name, 0);
        return { verdict: v.verdict, stage: v.stage, message: v.message, insns: v.verify?.stats.insns ?? 0, warnings: v.warnings ?? [] };
      },
      log: async (program, name) => (await judge(program, name, 2)).verify?.log ?? "",
      calls: async (program, name) => {
        const { release, overlay } = this.kernel(workshop, name);
        const lines = await core.disasm(await opened(), program, release, overlay);
        return lines.ok ? [...new Set(lines.value.flatMap((l) => (l.call && l.call.kind !== "subprog" ? [l.call.name] : [])))] : [];
      },
      run: async (program, name, input) => {
        const { release, overlay } = this.kernel(workshop, name);
        const run = await core.run(await opened(), overlay, { program, kernel: release, ...runInput(input) });
        if (!run.ok) return { outcome: "refused", message: run.error.message, retval: 0, packetOut: "", trace: [], maps: {} };
        const { outcome, message = "", retval, dataOut, trace, maps } = run.value;
        return { outcome, message, retval, packetOut: dataOut ? toHex(dataOut) : "", trace, maps: Object.fromEntries(maps.map((m) => [m.name, entriesOf(m)])) };
      },
    };
  }

  private async reopen(object: Built["object"]): Promise<string> {
    if (object && object.id !== this.open) {
      await this.engine.core.open(object.id, object.bytes);
      this.open = object.id;
    }
    return object?.id ?? "";
  }

  private kernel(workshop: Workshop, name: string): { release: string; overlay: string | null } {
    return kernelOf(workshop, name) ?? { release: name, overlay: null };
  }

  private build(workshop: Workshop, step: WorkshopStep, files: Readonly<Record<string, string>>): Promise<Built> {
    const { release, overlay } = this.kernel(workshop, ownKernel(step));
    const key = createHash("sha256").update(JSON.stringify([files, release, overlay, step.flags])).digest("hex");
    const known = this.built.get(key);
    if (known) return known;
    const made = this.make(key, release, overlay, step, files);
    this.built.set(key, made);
    return made;
  }

  private async make(key: string, release: string, overlay: string | null, step: WorkshopStep, files: Readonly<Record<string, string>>): Promise<Built> {
    const main = mainFile({ ...emptyProject(), files, activeFile: "" });
    if (main === null) return failed("there is no .c file");
    this.compiles++;
    const compiled = await compileSource(this.engine, { files, main }, release, overlay, step.flags);
    if (!compiled.ok) return failed(compiled.error);
    const told = (severity: string): string[] => compiled.value.diagnostics.filter((d) => d.severity === severity).map((d) => `${d.file}:${d.line}: ${d.message}`);
    const warnings = told("warning");
    if (!compiled.value.object) return { ...failed(told("error")[0] ?? compiled.value.stderr.trim().split("\n")[0] ?? "it did not compile"), warnings };
    const summary = await this.engine.core.open(key, compiled.value.object);
    if (!summary.ok) return { ...failed(summary.error.message), warnings };
    this.open = key;
    return { object: { id: key, bytes: compiled.value.object }, errors: [], warnings, programs: summary.value.programs.map((p) => p.name) };
  }
}

function failed(message: string): Built {
  return { object: null, errors: [message], warnings: [], programs: [] };
}

/** A step's input as the emulator takes it. Checked before (see workshop-problems.ts), so that what is not hexadecimal becomes nothing. */
function runInput(input: StepInput | null): Pick<RunInput, "dataIn" | "ctxIn" | "repeat" | "maps"> {
  const bytes = (text: string | null): Uint8Array | null => (text === null ? null : (fromHex(plainHex(text)) ?? null));
  const preset = PRESETS.find((p) => p.id === input?.preset);
  const maps = Object.entries(input?.maps ?? {}).map(([name, entries]) => [name, entries.map((e) => ({ key: bytes(e.key) ?? new Uint8Array(), value: bytes(e.value) ?? new Uint8Array() }))] as const);
  return { dataIn: preset ? preset.bytes : bytes(input?.dataIn ?? null), ctxIn: bytes(input?.ctxIn ?? null), repeat: input?.repeat ?? 1, maps: Object.fromEntries(maps) };
}

/** Of a per-CPU map the values of the CPU that ran (0). */
function entriesOf(map: MapDump): AttemptRun["maps"][string] {
  return map.entries.filter((e) => (e.cpu ?? 0) === 0).map((e) => ({ key: toHex(e.key), value: toHex(e.value) }));
}
