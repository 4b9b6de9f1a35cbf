/** `npm run lab-index`: lists the sample custom kernels of public/kernels/lab, so that the page can offer them. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseOverlay } from "../kernel/overlay.ts";
import { KERNELS } from "./kernel-files.ts";

const INDEX = "lab-index.json";

/** The list as text, by file name. Throws with a sentence when a sample is not a custom kernel. */
export function labIndex(folder = join(KERNELS, "lab")): string {
  const labs = readdirSync(folder).filter((f) => f.endsWith(".json")).sort().map((file) => {
    const overlay = parseOverlay(new Uint8Array(readFileSync(join(folder, file))));
    if (!overlay.ok) throw new Error(`${file}: ${overlay.error}`);
    const { name, title, description, base } = overlay.value;
    return { file, name, title: title ?? name, description: description ?? "", ...(base === undefined ? {} : { base }) };
  });
  return `{"schema":1,"labs":[\n${labs.map((l) => JSON.stringify(l)).join(",\n")}\n]}\n`;
}

if (process.argv[1]?.endsWith("write-lab-index.ts")) {
  writeFileSync(join(KERNELS, INDEX), labIndex());
  console.log(`public/kernels/${INDEX}`);
}
