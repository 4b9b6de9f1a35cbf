/**
 * NOTICE: what the artifacts under public/ and the built page contain, from the artifacts' own records.
 *
 *   npm run notice      writes it; notice.test.ts fails when it is out of step
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decodePack, openPack } from "../../src/kernel/pack.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface KernelRow { kernel: string; release: string; file: string; sha256: string }

async function kernelRows(): Promise<string[]> {
  const { kernels } = JSON.parse(read("public/kernels/index.json")) as { kernels: KernelRow[] };
  const rows: string[] = [];
  for (const k of kernels) {
    const decoded = await decodePack(readFileSync(join(root, "public/kernels", k.file)), (encoding, bytes) => (encoding === "gzip" ? gunzipSync(bytes) : brotliDecompressSync(bytes)));
    if (!decoded.ok) throw new Error(`${k.file}: ${decoded.error}`);
    const pack = openPack(decoded.value);
    if (!pack.ok) throw new Error(`${k.file}: ${pack.error}`);
    const from = pack.value.manifest.packages.map((p) => `${p.name} ${p.version} (sha256 ${p.sha256})`).join(", ");
    rows.push(`| ${k.file} | ${k.release} | ${from} | ${k.sha256} |`);
  }
  return rows;
}

/** npm packages whose code is part of the built page, with the licence each declares. */
const BUNDLED = ["monaco-editor", "preact", "@preact/signals", "@preact/signals-core", "comlink", "@bjorn3/browser_wasi_shim", "@wasmer/sdk", "brotli-dec-wasm", "yaml", "markdown-it", "@marcbachmann/cel-js"];

function bundledRows(): string[] {
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { version?: string; license?: string }> };
  return BUNDLED.flatMap((name) => {
    const entry = lock.packages[`node_modules/${name}`];
    return entry ? [`| ${name} | ${entry.version ?? ""} | ${entry.license ?? "see the package"} |`] : [];
  });
}

/** The whole text. */
export async function notice(): Promise<string> {
  return `# NOTICE

BPF Playground's own code is under the Apache License 2.0 (LICENSE). Its artifacts and the built page contain work of others:

${read("wasm/NOTICE-toolchain.md").trim().replace(/^# /, "# ").replace(/^(#+) /gm, "#$1 ")}

## What public/kernels contains

Each pack holds data taken from a Linux kernel built by Debian: its BTF type information, its configuration, numbers, names and
flags of its helpers and kfuncs, and the booted kernel's answers to probes. No kernel code is in it. Linux is under GPL-2.0 WITH
Linux-syscall-note; its sources are Debian's linux source packages of the same versions.

| pack | release | made from | sha256 |
| --- | --- | --- | --- |
${(await kernelRows()).join("\n")}

\`api.json\` is derived from the packs.

## What the built page contains besides

| npm package | version | licence |
| --- | --- | --- |
${bundledRows().join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(root, "NOTICE"), await notice());
