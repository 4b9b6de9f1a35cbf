import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KERNELS } from "../../src/cli/kernel-files.ts";
import { makeApiDb } from "../../src/cli/write-api-db.ts";

it("public/kernels/api.json is what the packs say (npm run api-db writes it)", async () => {
  const made = await makeApiDb();
  // Not toBe: a difference of megabytes helps nobody.
  expect(readFileSync(join(KERNELS, "api.json"), "utf8") === made, "api.json is out of step with the packs").toBe(true);
}, 120_000);
