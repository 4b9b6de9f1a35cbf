import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KERNELS } from "../../src/cli/kernel-files.ts";
import { labIndex } from "../../src/cli/write-lab-index.ts";

it("the list of sample custom kernels is what npm run lab-index writes", () => {
  expect(readFileSync(join(KERNELS, "lab-index.json"), "utf8")).toBe(labIndex());
});
