import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { compareSeries } from "../kernel/releases.ts";
import { splitKernelName } from "../workshop/kernels.ts";
import { parseWorkshop } from "../workshop/parse.ts";
import type { Workshop, WorkshopBundle, WorkshopIndex, WorkshopIndexEntry } from "../workshop/types.ts";
import { readWorkshopFolder } from "./workshop-files.ts";
import { kernelsOfStep } from "./workshop-problems.ts";

/** What the page fetches: the list, and each workshop in one file. Names relative to the folder of workshops. */
export interface WorkshopOutput { files: ReadonlyMap<string, string>; count: number }

/** Makes index.json and a bundle a workshop from the folders in `folder`. The error names the first workshop that is none. */
export async function makeIndex(folder: string): Promise<Result<WorkshopOutput, string>> {
  const files = new Map<string, string>();
  const entries: WorkshopIndexEntry[] = [];
  let names: string[];
  try {
    names = (await readdir(folder, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name).sort();
  } catch {
    return err(`${folder}: cannot be read`);
  }
  for (const name of names) {
    const read = await readWorkshopFolder(join(folder, name));
    if (!read.ok) return read;
    const workshop = parseWorkshop(read.value);
    if (!workshop.ok) return err(`${name}/${workshop.error[0]?.file ?? ""}: ${workshop.error[0]?.message ?? ""}`);
    if (workshop.value.id !== name) return err(`${name}/workshop.md: id: is "${workshop.value.id}"; a shipped workshop's folder has its id as name`);
    const bundle: WorkshopBundle = { schema: 1, id: name, files: read.value };
    const text = `${JSON.stringify(bundle)}\n`;
    files.set(`${name}.json`, text);
    entries.push(indexEntry(workshop.value, Buffer.byteLength(text)));
  }
  entries.sort((a, b) => Number(a.kind === "essay") - Number(b.kind === "essay") || orderOf(a.id) - orderOf(b.id) || (a.id < b.id ? -1 : 1));
  const index: WorkshopIndex = { schema: 1, workshops: entries };
  files.set("index.json", `${JSON.stringify(index, null, 1)}\n`);
  return ok({ files, count: entries.length });
}

/** Workshops are listed in the order in which a newcomer takes them; others by name behind them. */
const ORDER = ["first-steps-xdp", "reading-the-verifier", "helpers-and-kfuncs", "a-kfunc-goes-away"];
const orderOf = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);

function indexEntry(w: Workshop, bytes: number): WorkshopIndexEntry {
  const releases = new Set(w.steps.flatMap(kernelsOfStep).map((name) => splitKernelName(name)?.release ?? name));
  return {
    id: w.id, kind: w.kind, title: w.title, summary: w.summary, minutes: w.minutes, language: w.language, authors: w.authors, license: w.license,
    steps: w.steps.map(({ id, title, minutes }) => ({ id, title, minutes })),
    kernels: [...releases].sort(compareSeries), bundle: `${w.id}.json`, bytes,
  };
}

/** Writes what makeIndex made, and takes bundles away whose workshop is gone. */
export async function writeIndex(folder: string, output: WorkshopOutput): Promise<void> {
  for (const [name, text] of output.files) await writeFile(join(folder, name), text);
  for (const name of await readdir(folder)) if (name.endsWith(".json") && !output.files.has(name)) await rm(join(folder, name));
}

/** Names of files that are not as they would be written now. */
export async function staleFiles(folder: string, output: WorkshopOutput): Promise<string[]> {
  const there = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const stale = there.filter((name) => !output.files.has(name));
  for (const [name, text] of output.files) {
    if (!there.includes(name) || (await readFile(join(folder, name), "utf8")) !== text) stale.push(name);
  }
  return stale;
}
