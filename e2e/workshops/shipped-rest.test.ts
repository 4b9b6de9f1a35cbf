/** Every other workshop and essay that is shipped, and the files the page fetches. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { KERNELS } from "../../src/cli/kernel-files.ts";
import { WORKSHOPS } from "../../src/cli/workshop-files.ts";
import { makeIndex, staleFiles } from "../../src/cli/workshop-index.ts";
import { proveAll, shipped } from "./prove.ts";

const ELSEWHERE = ["first-steps-xdp", "reading-the-verifier", "helpers-and-kfuncs", "a-kfunc-goes-away"];
const names = readdirSync(WORKSHOPS, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort();

proveAll(await shipped(names.filter((name) => !ELSEWHERE.includes(name))));

it("index.json and the bundles are as `npm run workshop -- index` writes them", async () => {
  const made = unwrap(await makeIndex(WORKSHOPS));
  expect(await staleFiles(WORKSHOPS, made)).toEqual([]);
  expect(made.count).toBe(names.length);
});
it("the workshops proven in files of their own are there", () => {
  expect(ELSEWHERE.filter((name) => !names.includes(name))).toEqual([]);
});
it("the table of helpers and kfuncs in the essay is counted from the kernels", () => {
  const text = readFileSync(join(WORKSHOPS, "should-helpers-be-frozen/04-for-and-against/step.md"), "utf8");
  const index = JSON.parse(readFileSync(join(KERNELS, "index.json"), "utf8")) as { kernels: { kernel: string; helpers: number; kfuncs: number }[] };
  const rows = [...text.matchAll(/^\| ([\d.]+) \| (\d+) \| (\d+) \|$/gm)];
  expect(rows).toHaveLength(4);
  for (const [, kernel, helpers, kfuncs] of rows) expect(index.kernels.find((k) => k.kernel === kernel)).toMatchObject({ helpers: Number(helpers), kfuncs: Number(kfuncs) });
});
