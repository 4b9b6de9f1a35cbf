/** Compiles the programs of this folder once and judges and runs them on the sample custom kernels. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import { withCompiledBodies } from "../../src/cli/lab-bodies.ts";
import { readSources } from "../../src/cli/sources.ts";
import type { RunResult } from "../../src/emulator/types.ts";
import type { ProgramVerdict } from "../../src/workers/kernel-api.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
export const SAMPLES = resolve(HERE, "../../public/kernels/lab");
export const engine = new Engine();

const overlays = new Map<string, Promise<string>>();
/** A sample's text with its C bodies compiled for that kernel. */
export function overlayFor(sample: string, kernel: string): Promise<string> {
  const key = `${sample} ${kernel}`;
  let text = overlays.get(key);
  if (!text) {
    text = withCompiledBodies(engine, readFileSync(resolve(SAMPLES, `${sample}.json`), "utf8"), kernel).then(unwrap);
    overlays.set(key, text);
  }
  return text;
}

const objects = new Map<string, Promise<string>>();
/** Opens a program's object; programs with vmlinux.h are compiled against the kernel they are for, others once. */
function opened(file: string, args: readonly string[], kernel: string, overlay: string | null): Promise<string> {
  const path = resolve(HERE, "programs", `${file}.bpf.c`);
  const own = readFileSync(path, "utf8").includes("vmlinux.h");
  const id = [file, ...args, ...(own ? [kernel, overlay ?? ""] : [])].join(" ");
  let object = objects.get(id);
  if (!object) {
    object = (async () => {
      const compiled = unwrap(await compileSource(engine, unwrap(readSources(path)), kernel, overlay, { extraArgs: args }));
      if (!compiled.object) throw new Error(compiled.stderr);
      unwrap(await engine.core.open(id, compiled.object));
      return id;
    })();
    objects.set(id, object);
  }
  return object;
}

export interface Place { file: string; args?: readonly string[]; program: string; kernel: string; sample: string | null }

type Anywhere = Omit<Place, "sample">;
const sampleText = (place: Place): Promise<string | null> => (place.sample === null ? Promise.resolve(null) : overlayFor(place.sample, place.kernel));

export async function judge(place: Place): Promise<ProgramVerdict> {
  return judgeOn(place, await sampleText(place));
}

export async function judgeOn(place: Anywhere, overlay: string | null): Promise<ProgramVerdict> {
  const id = await opened(place.file, place.args ?? [], place.kernel, overlay);
  return engine.core.check(id, place.program, place.kernel, overlay, { logLevel: 1 });
}

/** A frame of no protocol. */
export const FRAME = Uint8Array.from({ length: 64 }, (_, i) => i);

interface Input { dataIn?: Uint8Array; ctxIn?: Uint8Array; repeat?: number }

export async function run(place: Place, input: Input = {}): Promise<RunResult> {
  return runOn(place, await sampleText(place), input);
}

export async function runOn(place: Anywhere, overlay: string | null, input: Input = {}): Promise<RunResult> {
  const id = await opened(place.file, place.args ?? [], place.kernel, overlay);
  return unwrap(await engine.core.run(id, overlay, { program: place.program, kernel: place.kernel, dataIn: input.dataIn ?? null, ctxIn: input.ctxIn ?? null, repeat: input.repeat ?? 1, maps: {} }));
}
