import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parseOverlay } from "../kernel/overlay.ts";
import { newestKernel, selectKernels } from "../kernel/releases.ts";
import { withCompiledBodies } from "./lab-bodies.ts";
import { readInput } from "./engine.ts";
import type { Engine } from "./engine.ts";

/** A kernel to judge on: a release, perhaps with an overlay on it. */
export interface Column {
  kernel: string;
  /** JSON text with C bodies compiled for that kernel, or null */
  overlay: string | null;
  /** the overlay's name, or null */
  lab: string | null;
  /** "7.2", "7.2+NAME" */
  label: string;
}

/** `--lab none` stands for the release itself, beside custom kernels made of it. */
export const NO_LAB = "none";
const MAX_LABS = 20;

interface Lab { file: string; name: string; text: string; base: string | undefined }

/**
 * The kernels of `--kernel`, each with each of the `--lab` files: all of one release stand side by side. Without --kernel an
 * overlay's own base is taken, and for `none` the bases of the others.
 */
export async function chooseColumns(engine: Engine, options: ReadonlyMap<string, string>, labs: readonly string[]): Promise<Result<readonly Column[], string>> {
  const index = await engine.core.store.index();
  if (!index.ok) return index;
  if (labs.length > MAX_LABS) return err(`--lab is given ${labs.length} times, at most ${MAX_LABS} are taken`);
  const read: (Lab | null)[] = [];
  for (const file of labs.length === 0 ? [NO_LAB] : labs) {
    const lab = file === NO_LAB ? ok(null) : await readLab(file);
    if (!lab.ok) return lab;
    if (lab.value && read.some((other) => other?.name === lab.value!.name)) return err(`${file}: another --lab has the name "${lab.value.name}" already`);
    read.push(lab.value);
  }
  const bases = [...new Set(read.flatMap((lab) => (lab?.base === undefined ? [] : [lab.base])))];
  const newest = newestKernel(index.value);
  const columns: Column[] = [];
  for (const lab of read) {
    const spec = options.get("--kernel") ?? lab?.base ?? (bases.length > 0 ? bases.join(",") : newest);
    if (spec === undefined) return err("there are no kernels (public/kernels/index.json is empty)");
    const kernels = selectKernels(spec, index.value);
    if (!kernels.ok) return kernels;
    for (const kernel of kernels.value) {
      const overlay = lab === null ? ok(null) : await withCompiledBodies(engine, lab.text, kernel);
      if (!overlay.ok) return err(`${lab!.file}: ${overlay.error}`);
      columns.push({ kernel, overlay: overlay.value, lab: lab?.name ?? null, label: lab === null ? kernel : `${kernel}+${lab.name}` });
    }
  }
  const order = index.value.kernels.map((k) => k.kernel);
  const asked = [...new Set(columns.map((c) => c.kernel))];
  const byRelease = options.has("--kernel") ? asked : asked.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return ok(byRelease.flatMap((kernel) => columns.filter((c) => c.kernel === kernel)));
}

async function readLab(file: string): Promise<Result<Lab, string>> {
  const bytes = await readInput(file);
  if (!bytes.ok) return bytes;
  const parsed = parseOverlay(bytes.value);
  if (!parsed.ok) return err(`${file}: ${parsed.error}`);
  return ok({ file, name: parsed.value.name, text: new TextDecoder().decode(bytes.value), base: parsed.value.base });
}
