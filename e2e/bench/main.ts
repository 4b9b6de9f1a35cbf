/**
 * Timings as ratios to a peer in the same run; nothing here passes or fails.
 *
 *   npm run bench [-- compile verifier emulator packs visit keys] [--rounds N] [--no-build]
 */
import { parseArgs } from "node:util";
import { compileBench } from "./compile.ts";
import { buildPages, Chromium } from "./host.ts";
import { verifierBench } from "./verifier.ts";
import { load } from "./stats.ts";
import { emulatorBench } from "./emulator.ts";
import { keysBench } from "./keys.ts";
import { packsBench } from "./packs.ts";
import { visitBench } from "./visit.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" }, "no-build": { type: "boolean" } } });
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const sections: Record<string, (chromium: Chromium) => Promise<void>> = {
  compile: (chromium) => compileBench(chromium, rounds),
  verifier: (chromium) => verifierBench(chromium, rounds),
  emulator: (chromium) => emulatorBench(chromium, rounds),
  packs: packsBench,
  visit: visitBench,
  keys: keysBench,
};
const wanted = positionals.length > 0 ? positionals : Object.keys(sections);
const unknown = wanted.filter((name) => !(name in sections));
if (unknown.length > 0) {
  console.error(`no section "${unknown[0]}"; there are ${Object.keys(sections).join(", ")}`);
  process.exit(2);
}
if (!values["no-build"]) await buildPages();
const busy = load();
const chromium = await Chromium.start();
console.log(`${chromium.version}, Node ${process.versions.node.split(".")[0]}${busy === undefined ? "" : `, ${busy.toFixed(1)} runnable processes per core before the start`}`);
try {
  for (const name of wanted) await sections[name]!(chromium);
} finally {
  await chromium.close();
}
