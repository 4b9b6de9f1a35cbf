/** `npm run api-db`: makes public/kernels/api.json, the life of every helper and kfunc, out of the packs. The same packs give the same bytes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildApiDb, kernelApis } from "../kernel/api-life.ts";
import type { KernelApis } from "../kernel/api-life.ts";
import { storeApiDb } from "../kernel/api-store.ts";
import { Engine } from "./engine.ts";
import { KERNELS } from "./kernel-files.ts";

/** Builds the database from the packs in public/kernels. Throws with a sentence when one cannot be opened. */
export async function makeApiDb(): Promise<string> {
  const { store } = new Engine().core;
  const index = await store.index();
  if (!index.ok) throw new Error(index.error);
  const apis: KernelApis[] = [];
  for (const entry of index.value.kernels) {
    const kernel = await store.kernel(entry.kernel, null);
    if (!kernel.ok) throw new Error(kernel.error);
    apis.push(kernelApis(kernel.value));
  }
  return storeApiDb(buildApiDb(apis));
}

if (process.argv[1]?.endsWith("write-api-db.ts")) {
  const text = await makeApiDb();
  writeFileSync(join(KERNELS, "api.json"), text);
  console.log(`public/kernels/api.json: ${text.length} bytes`);
}
