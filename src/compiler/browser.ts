import { err, ok, type Result } from "../base/result.ts";
import { brotliTransform } from "./brotli.ts";
import { type HeaderPack, readHeaderPack } from "./headers.ts";
import { isGzip, isHeaderPack, isWasm, readManifest, toolchainKey, type ToolchainFile, type ToolchainManifest } from "./toolchain.ts";
import type { PrecompiledStore } from "./types.ts";

export interface LoadProgress {
  phase: "manifest" | "clang" | "headers" | "ready";
  /** bytes over the wire so far and in all, for the phase */
  loadedBytes: number;
  totalBytes: number;
  /** true when nothing is fetched: it was kept from an earlier visit */
  cached: boolean;
}

export interface LoadedToolchain {
  /** compiled, unless the bytes were asked for */
  clang: WebAssembly.Module | Bytes;
  pack: HeaderPack;
  manifest: ToolchainManifest;
  key: string;
  /** milliseconds per step, for figures */
  timings: { manifest: number; clang: number; headers: number };
}

const CACHE = "bpf-toolchain-v1";
type Bytes = Uint8Array<ArrayBuffer>;
/** What becomes of clang.wasm: compiled while it comes in, or its bytes, for a runner that compiles it itself. */
type Form = "module" | "bytes";

/**
 * Fetches clang.wasm and the header pack from `base` (a folder's URL with a slash at its end), or takes them from Cache Storage.
 * Download, unpacking and compiling overlap. Works behind hosts that decode .br and hosts that do not, offline after a first
 * visit, and without Cache Storage (private windows, plain http), only slower.
 */
export async function loadToolchain(
  base: string,
  onProgress: (progress: LoadProgress) => void = () => undefined,
  form: Form = "module",
): Promise<Result<LoadedToolchain, string>> {
  const cache = await openCache(CACHE);
  const started = performance.now();
  onProgress({ phase: "manifest", loadedBytes: 0, totalBytes: 0, cached: false });
  const manifest = await fetchManifest(base, cache);
  if (!manifest.ok) return manifest;
  const afterManifest = performance.now();
  const headersDone = fetchHeaders(base, manifest.value.headers, cache).then((pack) => ({ pack, at: performance.now() }));
  const clang = await fetchClang(base, manifest.value.clang, cache, form, onProgress);
  const afterClang = performance.now();
  if (!clang.ok) return clang;
  onProgress({ phase: "headers", loadedBytes: 0, totalBytes: manifest.value.headers.bytes, cached: false });
  const { pack, at } = await headersDone;
  if (!pack.ok) return pack;
  onProgress({ phase: "ready", loadedBytes: manifest.value.clang.bytes, totalBytes: manifest.value.clang.bytes, cached: false });
  void forgetOthers(cache, manifest.value);
  return ok({
    clang: clang.value,
    pack: pack.value,
    manifest: manifest.value,
    key: toolchainKey(manifest.value),
    timings: { manifest: afterManifest - started, clang: afterClang - afterManifest, headers: at - afterManifest },
  });
}

async function openCache(name: string): Promise<Cache | undefined> {
  try {
    return typeof caches === "undefined" ? undefined : await caches.open(name);
  } catch {
    return undefined;
  }
}

/** What a folder's toolchain is, from the server or, without one, as it was last seen. */
export async function fetchManifest(base: string, opened?: Cache): Promise<Result<ToolchainManifest, string>> {
  const cache = opened ?? (await openCache(CACHE));
  const url = `${base}toolchain.json`;
  let problem: string;
  try {
    const response = await fetch(url, { cache: "no-cache" });
    if (response.ok) {
      const text = await response.text();
      const manifest = readManifest(text);
      if (manifest.ok) {
        await cache?.put(url, new Response(text)).catch(() => undefined);
        return manifest;
      }
      problem = manifest.error;
    } else problem = `the server answered ${response.status}`;
  } catch (reason) {
    problem = messageOf(reason);
  }
  const kept = await cache?.match(url);
  if (kept) {
    const manifest = readManifest(await kept.text());
    if (manifest.ok) return manifest;
  }
  return err(`the compiler cannot be fetched (${url}: ${problem})`);
}

/** What names a file's unpacked form in the cache: its content, so that a new one never meets an old one's copy. */
function cacheUrl(base: string, file: ToolchainFile): string {
  return `${base}unpacked/${file.unpackedSha256}`;
}

/** A file of the toolchain as it was kept at an earlier visit, unpacked; null where there is none. */
export async function keptFile(base: string, file: ToolchainFile): Promise<Bytes | null> {
  try {
    const kept = await (await openCache(CACHE))?.match(cacheUrl(base, file));
    return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

async function fetchClang(
  base: string,
  file: ToolchainFile,
  cache: Cache | undefined,
  form: Form,
  onProgress: (progress: LoadProgress) => void,
): Promise<Result<WebAssembly.Module | Bytes, string>> {
  const take = async (response: Response) => (form === "module" ? WebAssembly.compileStreaming(response) : new Uint8Array(await response.arrayBuffer()));
  const kept = await cache?.match(cacheUrl(base, file)).catch(() => undefined);
  if (kept) {
    try {
      onProgress({ phase: "clang", loadedBytes: file.bytes, totalBytes: file.bytes, cached: true });
      return ok(await take(kept));
    } catch {
      await cache?.delete(cacheUrl(base, file)).catch(() => undefined);
    }
  }
  try {
    const stream = await unpackedStream(base, file, isWasm, (loadedBytes) => onProgress({ phase: "clang", loadedBytes, totalBytes: file.bytes, cached: false }));
    const [forCompiler, forCache] = cache ? stream.tee() : [stream, undefined];
    const wasm = { headers: { "Content-Type": "application/wasm" } };
    const keeping = forCache ? cache!.put(cacheUrl(base, file), new Response(forCache, wasm)).catch(() => undefined) : undefined;
    const clang = await take(new Response(forCompiler, wasm));
    await keeping;
    return ok(clang);
  } catch (reason) {
    return err(`clang.wasm did not load (${messageOf(reason)})`);
  }
}

async function fetchHeaders(base: string, file: ToolchainFile, cache: Cache | undefined): Promise<Result<HeaderPack, string>> {
  try {
    const kept = await cache?.match(cacheUrl(base, file)).catch(() => undefined);
    if (kept) {
      const pack = readHeaderPack(new Uint8Array(await kept.arrayBuffer()));
      if (pack.ok) return pack;
    }
    const bytes = await new Response(await unpackedStream(base, file, isHeaderPack, () => undefined)).arrayBuffer();
    const pack = readHeaderPack(new Uint8Array(bytes));
    if (pack.ok) await cache?.put(cacheUrl(base, file), new Response(bytes)).catch(() => undefined);
    return pack;
  } catch (reason) {
    return err(`the headers did not load (${messageOf(reason)})`);
  }
}

/**
 * The file's unpacked bytes as they come in. The first bytes tell whether the host (or the browser, by Content-Encoding)
 * has unpacked it already. Progress counts packed bytes; where the host unpacked, it is scaled.
 */
async function unpackedStream(base: string, file: ToolchainFile, isUnpacked: (bytes: Uint8Array) => boolean, onBytes: (packed: number) => void): Promise<ReadableStream<Bytes>> {
  const response = await fetch(base + file.url);
  if (!response.ok || !response.body) throw new Error(`${file.url}: the server answered ${response.status}`);
  const reader = (response.body as ReadableStream<Bytes>).getReader();
  const first: Bytes[] = [];
  let size = 0;
  while (size < 8) {
    const { done, value } = await reader.read();
    if (done) break;
    first.push(value);
    size += value.length;
  }
  const head = new Uint8Array(size);
  let at = 0;
  for (const chunk of first) {
    head.set(chunk, at);
    at += chunk.length;
  }
  const unpacked = isUnpacked(head);
  const scale = unpacked ? file.bytes / file.unpackedBytes : 1;
  let loaded = size;
  let sent = false;
  let reported = 0;
  const raw = new ReadableStream<Bytes>({
    async pull(controller) {
      if (!sent) {
        sent = true;
        controller.enqueue(head);
        return;
      }
      const { done, value } = await reader.read();
      if (done) {
        onBytes(file.bytes);
        controller.close();
        return;
      }
      loaded += value.length;
      const now = Math.min(file.bytes, Math.round(loaded * scale));
      if (now - reported >= 65536) {
        reported = now;
        onBytes(now);
      }
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  if (unpacked) return raw;
  // A page that was packed out of a browser's own copies has them as gzip (pack-toolchain.ts).
  return raw.pipeThrough(isGzip(head) ? new DecompressionStream("gzip") : await brotliTransform());
}

/** Drops kept copies that the manifest no longer names. */
async function forgetOthers(cache: Cache | undefined, manifest: ToolchainManifest): Promise<void> {
  try {
    for (const request of (await cache?.keys()) ?? []) {
      const name = /\/unpacked\/(\w+)$/.exec(request.url)?.[1];
      if (name && name !== manifest.clang.unpackedSha256 && name !== manifest.headers.unpackedSha256) await cache!.delete(request);
    }
  } catch {
    // A full or forbidden cache is no reason to fail.
  }
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** Precompiled headers in Cache Storage, a few of the newest; the last two used stay in memory. */
export class CacheStore implements PrecompiledStore {
  private readonly memory = new Map<string, Uint8Array>();
  private readonly name = "bpf-precompiled-v1";
  private readonly limit: number;
  /** names known to be absent, so that typing does not ask the disk again and again */
  private readonly absent = new Set<string>();

  constructor(limit = 6) {
    this.limit = limit;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const held = this.memory.get(key);
    if (held) return held;
    if (this.absent.has(key)) return undefined;
    try {
      const cache = await openCache(this.name);
      const kept = await cache?.match(await this.url(key));
      if (kept) {
        const bytes = new Uint8Array(await kept.arrayBuffer());
        this.remember(key, bytes);
        return bytes;
      }
    } catch {
      // As if it were not there.
    }
    this.absent.add(key);
    return undefined;
  }

  async set(key: string, bytes: Uint8Array): Promise<void> {
    this.absent.delete(key);
    this.remember(key, bytes);
    try {
      const cache = await openCache(this.name);
      if (!cache) return;
      const keys = await cache.keys();
      for (const old of keys.slice(0, Math.max(0, keys.length + 1 - this.limit))) await cache.delete(old);
      await cache.put(await this.url(key), new Response(bytes as Bytes));
    } catch {
      // Kept in memory at least.
    }
  }

  private remember(key: string, bytes: Uint8Array): void {
    this.memory.delete(key);
    this.memory.set(key, bytes);
    while (this.memory.size > 2) this.memory.delete(this.memory.keys().next().value!);
  }

  private async url(key: string): Promise<string> {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
    return `https://precompiled.invalid/${[...digest.subarray(0, 20)].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
  }
}
