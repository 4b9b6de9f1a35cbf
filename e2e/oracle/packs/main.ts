/**
 * Makes kernel packs from real images: `npm run packs -- [--kernels V,V…|all]`.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { makeApiDb } from "../../../src/cli/write-api-db.ts";
import { writePack } from "../../../src/kernel/pack.ts";
import type { KernelIndex, KernelIndexEntry, KernelPackManifest } from "../../../src/kernel/types.ts";
import { projectRoot } from "../cache.ts";
import { fetchImage, kernelSeries } from "../images.ts";
import { makeManifest } from "./manifest.ts";
import { probeKernel } from "./probe.ts";
import { makeRecord, recordText } from "./record.ts";

const folder = join(projectRoot, "public", "kernels");
const recorded = join(projectRoot, "e2e", "oracle", "packs", "recorded");
/** What a pack may weigh over the wire. */
const budget = 2_000_000;

/** Brotli's best (11) takes 15 s of a processor for a tenth less, and decodes more slowly. */
const quality = 9;

function compress(bytes: Uint8Array): Buffer {
  const gzip = gzipSync(bytes, { level: 9 });
  if (gzip.length <= budget) return gzip;
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
}

function updateIndex(manifest: KernelPackManifest, file: Buffer): void {
  const path = join(folder, "index.json");
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as KernelIndex).kernels : [];
  const entry: KernelIndexEntry = {
    kernel: manifest.kernel, release: manifest.release, file: `${manifest.kernel}.pack`, bytes: file.length,
    sha256: createHash("sha256").update(file).digest("hex"), helpers: manifest.helpers.length, kfuncs: manifest.kfuncs.length, btf: true,
  };
  const order = (kernel: string) => kernelSeries.findIndex((series) => series === kernel);
  const kernels = [...known.filter((other) => other.kernel !== entry.kernel), entry].sort((a, b) => order(a.kernel) - order(b.kernel));
  writeFileSync(path, `${JSON.stringify({ schema: 1, kernels }, null, 2)}\n`);
}

async function makePack(kernel: string): Promise<void> {
  const start = Date.now();
  const say = (text: string) => console.log(`${kernel} ${((Date.now() - start) / 1000).toFixed(0)} s: ${text}`);
  const facts = await probeKernel(kernel, say, process.argv.includes("--keep"));
  const manifest = makeManifest(kernel, facts);
  const { config } = fetchImage(kernel);
  const bytes = writePack({
    manifest,
    btf: facts.btfBytes,
    modules: new Map(facts.modules.map((module) => [module.name, module.btfBytes])),
    config: existsSync(config) ? readFileSync(config, "utf8") : "",
  });
  say("compressing");
  const file = compress(bytes);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${kernel}.pack`), file);
  updateIndex(manifest, file);
  mkdirSync(recorded, { recursive: true });
  writeFileSync(join(recorded, `${kernel}.json`), recordText(makeRecord(kernel, manifest.release, facts)));
  say(`${manifest.helpers.length} helpers, ${manifest.kfuncs.length} kfuncs, ${manifest.modules.length} modules; ${bytes.length} bytes, ${file.length} compressed`);
  if (file.length > budget) throw new Error(`${kernel}.pack has ${file.length} bytes, more than ${budget}`);
}

const args = process.argv.slice(2);
const at = args.indexOf("--kernels");
const wanted = at >= 0 ? (args[at + 1] ?? "all") : "all";
for (const kernel of wanted === "all" ? kernelSeries : wanted.split(",")) await makePack(kernel);
// The life of every helper and kfunc is read out of the packs, so it follows them.
writeFileSync(join(folder, "api.json"), await makeApiDb());
