/** `npm run api-db`: makes public/kernels/api.json, the life of every helper and kfunc, and types.json, which kernels have which types, out of the packs. The same packs give the same bytes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { decodeUtf8 } from "../base/bytes.ts";
import { readHeaderPack } from "../compiler/headers.ts";
import { buildApiDb, kernelApis } from "../kernel/api-life.ts";
import type { KernelApis } from "../kernel/api-life.ts";
import { storeApiDb } from "../kernel/api-store.ts";
import type { Btf } from "../btf/types.ts";
import { buildTypeLife, storeTypeLife } from "../kernel/type-life.ts";
import { helperPrototypes } from "../kernel/helper-prototypes.ts";
import { Engine } from "./engine.ts";
import { KERNELS, PROJECT } from "./kernel-files.ts";

const HELPER_DEFS = "usr/include/bpf/bpf_helper_defs.h";

/** libbpf's header of helpers, out of the pack of headers that programs are compiled with. */
function helperHeader(): string {
  const pack = readHeaderPack(new Uint8Array(brotliDecompressSync(readFileSync(join(PROJECT, "public/toolchain/headers.pack.br")))));
  if (!pack.ok) throw new Error(`headers.pack.br: ${pack.error}`);
  const header = pack.value.files.get(HELPER_DEFS);
  if (!header) throw new Error(`headers.pack.br holds no ${HELPER_DEFS}`);
  return decodeUtf8(header);
}

/** Builds the database from the packs in public/kernels. Throws with a sentence when one cannot be opened. */
export async function makeApiDb(): Promise<string> {
  const { store } = new Engine().core;
  const index = await store.index();
  if (!index.ok) throw new Error(index.error);
  const prototypes = helperPrototypes(helperHeader());
  const apis: KernelApis[] = [];
  for (const entry of index.value.kernels) {
    const kernel = await store.kernel(entry.kernel, null);
    if (!kernel.ok) throw new Error(kernel.error);
    apis.push(kernelApis(kernel.value, prototypes));
  }
  return storeApiDb(buildApiDb(apis));
}

/** Which kernels have a type that others lack (public/kernels/types.json). */
export async function makeTypeLife(): Promise<string> {
  const { store } = new Engine().core;
  const index = await store.index();
  if (!index.ok) throw new Error(index.error);
  const kernels: { name: string; btf: Btf }[] = [];
  for (const entry of index.value.kernels) {
    const kernel = await store.kernel(entry.kernel, null);
    if (!kernel.ok) throw new Error(kernel.error);
    if (kernel.value.btf) kernels.push({ name: entry.kernel, btf: kernel.value.btf });
  }
  return storeTypeLife(buildTypeLife(kernels));
}

if (process.argv[1]?.endsWith("write-api-db.ts")) {
  const text = await makeApiDb();
  writeFileSync(join(KERNELS, "api.json"), text);
  console.log(`public/kernels/api.json: ${text.length} bytes`);
  const types = await makeTypeLife();
  writeFileSync(join(KERNELS, "types.json"), types);
  console.log(`public/kernels/types.json: ${types.length} bytes`);
}
