import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { err, ok, type Result } from "../base/result.ts";
import { Compiler } from "./compiler.ts";
import { readHeaderPack } from "./headers.ts";
import { ShimRunner } from "./shim-runner.ts";
import { isHeaderPack, isWasm, readManifest } from "./toolchain.ts";
import type { PrecompiledStore } from "./types.ts";

const unbrotli = promisify(brotliDecompress);
const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export interface NodeCompilerOptions {
  /** folder with clang.wasm.br, headers.pack.br and toolchain.json; default public/toolchain of this checkout */
  toolchain?: string;
  /** folder for what can be made again: the unpacked clang.wasm and precompiled headers; null for none */
  cache?: string | null;
}

/**
 * A compiler for Node: reads the toolchain from disk. Errors are sentences ("clang.wasm.br is missing …").
 * Cost: reading and preparing clang.wasm 0.1–0.5 s, once a process.
 */
export async function createNodeCompiler(options: NodeCompilerOptions = {}): Promise<Result<Compiler, string>> {
  const cache = options.cache === undefined ? join(PROJECT, ".cache/compiler") : options.cache;
  const folder = options.toolchain ?? join(PROJECT, "public/toolchain");
  const packFile = join(folder, "headers.pack.br");
  if (!existsSync(packFile)) return err(`${packFile} is missing; "npm run toolchain" makes it`);
  const packBytes = await unpack(packFile, isHeaderPack);
  if (!packBytes.ok) return packBytes;
  const pack = readHeaderPack(packBytes.value);
  if (!pack.ok) return err(`${packFile}: ${pack.error}`);
  const wasm = await clangBytes(folder, cache);
  if (!wasm.ok) return wasm;
  // Functions are compiled when first called: one compile needs a small part of 57 MB of code.
  setFlagsFromString("--wasm-lazy-compilation");
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(wasm.value.bytes);
  } catch (problem) {
    return err(`clang.wasm does not load: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
  const packHash = createHash("sha256").update(packBytes.value).digest("hex");
  return ok(
    new Compiler({
      runner: new ShimRunner(module, pack.value.files),
      headers: pack.value.files,
      toolchainKey: `${wasm.value.key.slice(0, 16)}-${packHash.slice(0, 16)}`,
      ...(cache === null ? {} : { precompiled: new FolderStore(join(cache, "precompiled")), precompileOnMiss: true }),
    }),
  );
}

/** clang.wasm, unpacked; the cache keeps it unpacked, because unpacking costs more than loading. */
async function clangBytes(folder: string, cache: string | null): Promise<Result<{ bytes: Uint8Array<ArrayBuffer>; key: string }, string>> {
  const packed = join(folder, "clang.wasm.br");
  if (!existsSync(packed)) return err(`${packed} is missing; "npm run toolchain" makes it`);
  const { size, mtimeMs } = await stat(packed);
  const key = await knownHash(folder, packed) ?? createHash("sha256").update(`${packed} ${size} ${mtimeMs}`).digest("hex");
  const kept = cache === null ? null : join(cache, `clang-${key.slice(0, 16)}.wasm`);
  if (kept && existsSync(kept)) {
    const bytes = new Uint8Array(await readFile(kept));
    if (isWasm(bytes)) return ok({ bytes, key });
  }
  const bytes = await unpack(packed, isWasm);
  if (!bytes.ok) return bytes;
  if (kept) await keep(kept, bytes.value);
  return ok({ bytes: bytes.value, key });
}

async function knownHash(folder: string, packed: string): Promise<string | undefined> {
  if (dirname(packed) !== resolve(folder)) return undefined;
  try {
    const manifest = readManifest(await readFile(join(folder, "toolchain.json"), "utf8"));
    return manifest.ok ? manifest.value.clang.unpackedSha256 : undefined;
  } catch {
    return undefined;
  }
}

async function unpack(path: string, is: (bytes: Uint8Array) => boolean): Promise<Result<Uint8Array<ArrayBuffer>, string>> {
  try {
    const raw = await readFile(path);
    if (is(raw)) return ok(new Uint8Array(raw));
    const bytes = await unbrotli(raw);
    if (!is(bytes)) return err(`${path} is not what it should be (wrong magic)`);
    return ok(new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength));
  } catch (problem) {
    return err(`${path} cannot be read: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
}

/** Writes so that a reader sees the whole file or none; a full disk is no reason to fail. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Precompiled headers in a folder, the least recently used beyond `limit` removed; the last one read stays in memory. */
export class FolderStore implements PrecompiledStore {
  private readonly folder: string;
  private readonly limit: number;
  private readonly memory = new Map<string, Uint8Array>();

  constructor(folder: string, limit = 16) {
    this.folder = folder;
    this.limit = limit;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const held = this.memory.get(key);
    if (held) return held;
    const path = this.path(key);
    if (!existsSync(path)) return undefined;
    try {
      const raw = await readFile(path);
      const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      this.remember(key, bytes);
      return bytes;
    } catch {
      return undefined;
    }
  }

  async set(key: string, bytes: Uint8Array): Promise<void> {
    this.remember(key, bytes);
    await keep(this.path(key), bytes);
    await this.trim().catch(() => undefined);
  }

  private remember(key: string, bytes: Uint8Array): void {
    this.memory.delete(key);
    this.memory.set(key, bytes);
    while (this.memory.size > 4) this.memory.delete(this.memory.keys().next().value!);
  }

  private path(key: string): string {
    return join(this.folder, `${createHash("sha256").update(key).digest("hex").slice(0, 40)}.pch`);
  }

  private async trim(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith(".pch"));
    if (names.length <= this.limit) return;
    const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(this.folder, name))).mtimeMs })));
    aged.sort((a, b) => a.at - b.at);
    for (const { name } of aged.slice(0, aged.length - this.limit)) await unlink(join(this.folder, name));
  }
}
