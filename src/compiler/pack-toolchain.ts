import { err, ok, type Result } from "../base/result.ts";
import { fetchManifest, keptFile } from "./browser.ts";
import { isHeaderPack, isWasm, type ToolchainFile, type ToolchainManifest } from "./toolchain.ts";

/** A file of the toolchain's folder, by its name there. */
export interface PackedFile { name: string; bytes: Uint8Array<ArrayBuffer> }

const FILES = [["clang", "clang.wasm", isWasm], ["headers", "headers.pack", isHeaderPack]] as const;

/**
 * The toolchain's folder as files for another server: as this one has them, or, where it is gone or unpacks them on the way,
 * the copies this browser keeps, packed again with gzip, the one format every browser can write. Their manifest comes last.
 */
export async function packToolchain(base: string): Promise<Result<PackedFile[], string>> {
  const manifest = await fetchManifest(base);
  if (!manifest.ok) return manifest;
  const out: PackedFile[] = [];
  let described: ToolchainManifest = manifest.value;
  for (const [part, plainName, isUnpacked] of FILES) {
    const file = described[part];
    const served = await fetchWhole(base + file.url);
    if (served && served.length === file.bytes && !isUnpacked(served)) {
      out.push({ name: file.url, bytes: served });
      continue;
    }
    const unpacked = served && isUnpacked(served) ? served : await keptFile(base, file);
    if (!unpacked || !(await isWhole(unpacked, file))) return err(`${part === "clang" ? "the compiler" : "the compiler's headers"} cannot be packed: the server does not answer, and this browser keeps no copy`);
    const bytes = await gzip(unpacked);
    const sha256 = await digest(bytes);
    if (sha256 === null) {
      // Where the browser hashes nothing (plain http), the file goes as the server gave it: a loader looks at the bytes, not at the name.
      out.push({ name: file.url, bytes: unpacked });
      continue;
    }
    const name = `${plainName}.gz`;
    out.push({ name, bytes });
    described = { ...described, [part]: { ...file, url: name, bytes: bytes.length, sha256 } };
  }
  out.push({ name: "toolchain.json", bytes: new TextEncoder().encode(`${JSON.stringify(described, null, 2)}\n`) });
  return ok(out);
}

async function fetchWhole(url: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const response = await fetch(url);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

async function isWhole(bytes: Uint8Array<ArrayBuffer>, file: ToolchainFile): Promise<boolean> {
  const hash = await digest(bytes);
  return bytes.length === file.unpackedBytes && (hash === null || hash === file.unpackedSha256);
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

/** null on pages that are not secure, where browsers have no crypto.subtle */
async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (!subtle) return null;
  return Array.from(new Uint8Array(await subtle.digest("SHA-256", bytes)), (b) => b.toString(16).padStart(2, "0")).join("");
}
