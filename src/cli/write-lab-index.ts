/** `npm run lab-index`: lists the sample custom kernels of public/kernels/lab with a program to try on each, so that the page can offer them. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseOverlay } from "../kernel/overlay.ts";
import { KERNELS, PROJECT } from "./kernel-files.ts";
import { readSources } from "./sources.ts";

const INDEX = "lab-index.json";

type Shown = readonly [program: string, ...args: string[]];
/** The samples in the order in which they are offered, each with the program that shows what it does (e2e/lab/programs; its tests say what comes of it) and arguments for clang. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, Shown>>>> = {
  "A kfunc goes away": { deprecated: ["strong"], "deprecated-without-date": ["strong"], "deprecation-passed": ["weak"], removed: ["strong"] },
  "A kfunc changes": { renamed: ["strong"], "renamed-with-alias": ["strong"], changed: ["strong"], silent: ["random"], "types-changed": ["fields"] },
  "New kfuncs": { added: ["added"], "with-state": ["with-state"] },
  "Versions": { "api-versions": ["price", "-DAPI=3"], "api-window-open": ["price", "-DAPI=1"], "symbol-versions": ["symbols", "-DVERSION=LINUX_7_3"] },
  "Distributions": { "distribution-helpers": ["clocks"], "distribution-kfuncs": ["backported"], "without-btf": ["helpers-only"] },
  "New subsystems": { "vnic-hash": ["vnic"], "fuse-filter": ["fuse"], "hid-report": ["hid"], "oom-policy": ["oom"] },
};

/** Inputs of a first run, in hexadecimal, where a packet of the page will not do. */
const INPUTS: Readonly<Record<string, { dataIn?: string; ctxIn?: string }>> = {
  // eight queues
  "vnic-hash": { ctxIn: "0000000000000000080000000000000000000000" },
  // a read (opcode 15) of node 5000
  "fuse-filter": { ctxIn: `0f00000000000000${"8813"}${"00".repeat(38)}` },
  "hid-report": { dataIn: "00040501" },
  // a victim in a cgroup, short of 500 pages
  "oom-policy": { ctxIn: `${"00".repeat(8)}01${"00".repeat(15)}f401${"00".repeat(6)}` },
};

/** The list as text, by group. Throws with a sentence when a sample is not a custom kernel, or stands in no group. */
export function labIndex(folder = join(KERNELS, "lab")): string {
  const order = Object.entries(GROUPS).flatMap(([group, samples]) => Object.entries(samples).map(([id, shown]) => ({ id, group, shown })));
  const lost = readdirSync(folder).filter((f) => f.endsWith(".json") && !order.some(({ id }) => `${id}.json` === f));
  if (lost.length > 0) throw new Error(`${lost.join(", ")}: in no group of samples`);
  const labs = order.map(({ id, group, shown: [program, ...args] }) => {
    const file = `${id}.json`;
    const overlay = parseOverlay(new Uint8Array(readFileSync(join(folder, file))));
    if (!overlay.ok) throw new Error(`${file}: ${overlay.error}`);
    const { name, title, description, base } = overlay.value;
    return { file, group, name, title: title ?? name, description: description ?? "", ...(base === undefined ? {} : { base }), program: `${program}.bpf.c`, args, ...INPUTS[id] };
  });
  const sources: Record<string, Readonly<Record<string, string>>> = {};
  for (const { program } of labs) {
    if (program in sources) continue;
    const tree = readSources(join(PROJECT, "e2e/lab/programs", program));
    if (!tree.ok) throw new Error(tree.error);
    // The main file comes first.
    sources[program] = { [tree.value.main]: tree.value.files[tree.value.main]!, ...tree.value.files };
  }
  const lines = (items: readonly string[]): string => items.join(",\n");
  return `{"schema":1,"labs":[\n${lines(labs.map((l) => JSON.stringify(l)))}\n],"programs":{\n${lines(Object.entries(sources).map(([name, files]) => `${JSON.stringify(name)}:${JSON.stringify(files)}`))}\n}}\n`;
}

if (process.argv[1]?.endsWith("write-lab-index.ts")) {
  writeFileSync(join(KERNELS, INDEX), labIndex());
  console.log(`public/kernels/${INDEX}`);
}
