import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unwrap } from "../../src/base/result.ts";
import { fitServiceWorker, parseBuild, workshopFiles } from "../../src/workshop/offline.ts";
import { parseWorkshop } from "../../src/workshop/parse.ts";
import { releasesOf } from "../../src/workshop/presenting.ts";
import { tinyFiles } from "../../src/workshop/testing/tiny.ts";
import { dist } from "./page.ts";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** The built page in a folder of its own, with the small workshop of the tests as its only one. */
export function folderWithTiny(): string {
  const folder = mkdtempSync(join(tmpdir(), "workshop-"));
  cpSync(dist, folder, { recursive: true });
  const files = tinyFiles();
  const workshop = parseWorkshop(files);
  if (!workshop.ok) throw new Error(JSON.stringify(workshop.error));
  const own = workshopFiles(workshop.value, files, releasesOf(workshop.value, []));
  for (const [path, text] of Object.entries(own)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const kept = new Set(unwrap(parseBuild(JSON.parse(readFileSync(join(folder, "build.json"), "utf8")))).map((f) => f.path));
  const worker = fitServiceWorker(readFileSync(join(folder, "sw.js"), "utf8"), kept, new Map(Object.entries(own).map(([path, text]) => [path, hash(text)])));
  writeFileSync(join(folder, "sw.js"), unwrap(worker));
  return folder;
}
