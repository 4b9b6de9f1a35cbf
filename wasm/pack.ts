/**
 * Packs what build.sh made: node --import tsx wasm/pack.ts BUILD-FOLDER [headers]
 * Writes public/toolchain/{clang.wasm.br,headers.pack.br,toolchain.json} and wasm/checksums.txt.
 * With "headers" only the header pack is made again.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { writeHeaderPack } from "../src/compiler/headers.ts";
import { gatherHeaders } from "./header-pack.ts";

const project = resolve(import.meta.dirname, "..");
const [build, only] = process.argv.slice(2);
if (!build) throw new Error("usage: pack.ts BUILD-FOLDER [headers]");
const out = join(project, "public/toolchain");
mkdirSync(out, { recursive: true });

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function compress(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

interface Entry {
  url: string;
  bytes: number;
  sha256: string;
  unpackedBytes: number;
  unpackedSha256: string;
}

function write(name: string, bytes: Uint8Array): Entry {
  const packed = compress(bytes);
  const path = join(out, `${name}.br`);
  writeFileSync(`${path}.new`, packed);
  renameSync(`${path}.new`, path);
  return { url: `${name}.br`, bytes: packed.length, sha256: sha256(packed), unpackedBytes: bytes.length, unpackedSha256: sha256(bytes) };
}

const versions = new Map(
  readFileSync(join(project, "wasm/inputs.txt"), "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(" "))
    .map(([, , name, version]) => [name!, version!]),
);
const manifestPath = join(out, "toolchain.json");
const old = existsSync(manifestPath) ? (JSON.parse(readFileSync(manifestPath, "utf8")) as { clang?: Entry & { version: string } }) : {};
const pack = gatherHeaders(resolve(build), project, versions);
const headers = write("headers.pack", writeHeaderPack(pack));
const clang = only === "headers" ? old.clang : { version: versions.get("llvm-toolchain-22")!, ...write("clang.wasm", readFileSync(join(build, "clang/bin/clang.wasm-22"))) };
writeFileSync(manifestPath, `${JSON.stringify({ clang, headers: { ...headers, files: pack.files.size, packages: pack.packages } }, null, 2)}\n`);

const lines = ["# sha256, size in bytes, file. A rebuild must give the same unpacked files; packed ones depend on the brotli encoder too."];
for (const entry of [clang, headers]) {
  if (!entry) continue;
  lines.push(`${entry.unpackedSha256} ${entry.unpackedBytes} ${entry.url.replace(/\.br$/, "")}`, `${entry.sha256} ${entry.bytes} ${entry.url}`);
}
writeFileSync(join(project, "wasm/checksums.txt"), `${lines.join("\n")}\n`);
console.log(`header pack: ${pack.files.size} files, ${headers.unpackedBytes} bytes, packed ${headers.bytes}`);
if (clang) console.log(`clang.wasm: ${clang.unpackedBytes} bytes, packed ${clang.bytes}; over the wire with headers: ${clang.bytes + headers.bytes}`);
