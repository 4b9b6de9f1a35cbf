import { err, ok, type Result } from "../base/result.ts";

/** public/toolchain/toolchain.json: what the artifacts are. Written by wasm/pack.ts. */
export interface ToolchainManifest {
  clang: ToolchainFile & { version: string };
  headers: ToolchainFile & { files: number; packages: { name: string; version: string; licence: string }[] };
}

export interface ToolchainFile {
  /** relative to the manifest */
  url: string;
  bytes: number;
  sha256: string;
  unpackedBytes: number;
  unpackedSha256: string;
}

/** Checks the shape of a manifest that was read from outside. */
export function readManifest(text: string): Result<ToolchainManifest, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("toolchain.json is not JSON");
  }
  const manifest = value as Partial<ToolchainManifest>;
  for (const part of ["clang", "headers"] as const) {
    const file = manifest[part];
    if (!file || typeof file.url !== "string" || !/^[\w.-]+$/.test(file.url) || typeof file.unpackedSha256 !== "string" || !Number.isSafeInteger(file.bytes)) {
      return err(`toolchain.json says nothing usable about ${part}`);
    }
  }
  return ok(manifest as ToolchainManifest);
}

/** Names one clang and one header pack; precompiled headers are tied to both. */
export function toolchainKey(manifest: ToolchainManifest): string {
  return `${manifest.clang.unpackedSha256.slice(0, 16)}-${manifest.headers.unpackedSha256.slice(0, 16)}`;
}

/** True for an unpacked WebAssembly module. Hosts differ in whether they decode .br before we see it, so we look. */
export function isWasm(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

/** True for an unpacked header pack. */
export function isHeaderPack(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(0, 8)) === "BPFHDRS1";
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
