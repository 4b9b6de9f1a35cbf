/** Every other workshop and essay that is shipped, and the files the page fetches. */
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
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
