/**
 * Changed programs for a comparison with the real kernels: makes mutants of compiled objects (`.cache/conformance/TESTS`), asks real
 * kernels about them, and compares.
 *
 *   npm run fuzz -- --kernels 7.2,6.12 [--from 7.2] [--seed 1] [--only PATTERN] [--again]
 *
 * The mutants stay in `.cache/conformance/fuzz-TESTS-SEED/`, the answers beside other recordings of the cache; afterwards
 * `npm run conformance -- --kernel 7.2 --tests fuzz-7.2-1 …` looks into them like into any other tests. `--again` compares without asking.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cacheFolder } from "../oracle/cache.ts";
import { mutantSeed, mutate } from "./mutate.ts";

const { values } = parseArgs({ options: { kernels: { type: "string", default: "7.2" }, from: { type: "string" }, seed: { type: "string", default: "1" }, only: { type: "string" }, again: { type: "boolean" } } });
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 1) throw new Error("--seed takes a positive integer");
const only = new RegExp(values.only ?? "");

function makeMutants(from: string): string {
  const tests = `fuzz-${from}-${seed}`;
  const source = cacheFolder("conformance", from);
  const folder = cacheFolder("conformance", tests);
  const names = readdirSync(source).filter((name) => name.endsWith(".o") && only.test(name)).sort();
  let changes = 0;
  for (const name of names) {
    const mutant = mutate(readFileSync(join(source, name)), mutantSeed(seed, name));
    if (!mutant) continue;
    changes += mutant.mutations.length;
    writeFileSync(join(folder, name), mutant.bytes);
  }
  console.log(`${tests}: ${names.length} objects, ${changes} changed instructions`);
  return tests;
}

const script = (file: string, ...args: string[]): number | null => spawnSync(process.execPath, ["--import", "tsx", fileURLToPath(new URL(`../conformance/${file}`, import.meta.url)), ...args], { stdio: "inherit" }).status;

for (const kernel of values.kernels.split(",")) {
  const from = values.from ?? (kernel === "5.10" ? "6.1" : ["6.1", "6.12", "7.3"].includes(kernel) ? kernel : "7.2");
  const tests = values.again ? `fuzz-${from}-${seed}` : makeMutants(from);
  if (!values.again && script("record.ts", "--kernels", kernel, "--tests", tests, "--no-logs") !== 0) process.exit(1);
  script("compare.ts", "--kernel", kernel, "--tests", tests, "--group");
}
