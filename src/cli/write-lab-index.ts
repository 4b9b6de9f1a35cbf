/** `npm run lab-index`: lists the sample custom kernels of public/kernels/lab with a program to try on each, so that the page can offer them. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseOverlay } from "../kernel/overlay.ts";
import { KERNELS, PROJECT } from "./kernel-files.ts";
import { readSources } from "./sources.ts";

const INDEX = "lab-index.json";

/** The program that shows what a sample does (e2e/lab/programs; its tests say what comes of it), with arguments for clang. */
const PROGRAMS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  added: ["added"], "api-versions": ["price", "-DAPI=3"], "api-window-open": ["price", "-DAPI=1"], changed: ["strong"], deprecated: ["strong"], "deprecated-without-date": ["strong"],
  "deprecation-passed": ["weak"], removed: ["strong"], renamed: ["strong"], "renamed-with-alias": ["strong"], silent: ["random"], "types-changed": ["fields"],
  "symbol-versions": ["symbols", "-DVERSION=LINUX_7_3"], "distribution-helpers": ["clocks"], "distribution-kfuncs": ["backported"], "vnic-hash": ["vnic"], "fuse-filter": ["fuse"], "hid-report": ["hid"],
  "without-btf": ["helpers-only"],
};

/** Inputs of a first run, in hexadecimal, where a packet of the page will not do. */
const INPUTS: Readonly<Record<string, { dataIn?: string; ctxIn?: string }>> = {
  // eight queues
  "vnic-hash": { ctxIn: "0000000000000000080000000000000000000000" },
  // a read (opcode 15) of node 5000
  "fuse-filter": { ctxIn: `0f00000000000000${"8813"}${"00".repeat(38)}` },
  "hid-report": { dataIn: "00040501" },
};

/** The list as text, by file name. Throws with a sentence when a sample is not a custom kernel. */
export function labIndex(folder = join(KERNELS, "lab")): string {
  const labs = readdirSync(folder).filter((f) => f.endsWith(".json")).sort().map((file) => {
    const overlay = parseOverlay(new Uint8Array(readFileSync(join(folder, file))));
    if (!overlay.ok) throw new Error(`${file}: ${overlay.error}`);
    const { name, title, description, base } = overlay.value;
    const [program, ...args] = PROGRAMS[file.replace(/\.json$/, "")] ?? [];
    return { file, name, title: title ?? name, description: description ?? "", ...(base === undefined ? {} : { base }), ...(program === undefined ? {} : { program: `${program}.bpf.c`, args, ...INPUTS[file.replace(/\.json$/, "")] }) };
  });
  const sources: Record<string, Readonly<Record<string, string>>> = {};
  for (const { program } of labs) {
    if (program === undefined || program in sources) continue;
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
