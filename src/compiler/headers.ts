import { ByteReader, decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";

/** One package whose headers are in the pack. */
export interface HeaderPackage {
  name: string;
  version: string;
  licence: string;
}

export interface HeaderPack {
  packages: HeaderPackage[];
  /** path in clang's world ("usr/include/linux/bpf.h") → bytes */
  files: Map<string, Uint8Array>;
}

const MAGIC = "BPFHDRS1";

interface PackIndex {
  packages: HeaderPackage[];
  files: [path: string, size: number][];
}

/** A header pack's bytes: magic, u32 length of a JSON index, the index, the files' bytes one after another. Not compressed. */
export function writeHeaderPack(pack: HeaderPack): Uint8Array {
  const files = [...pack.files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const index: PackIndex = { packages: pack.packages, files: files.map(([path, bytes]) => [path, bytes.length]) };
  const json = encodeUtf8(JSON.stringify(index));
  const out = new Uint8Array(MAGIC.length + 4 + json.length + files.reduce((n, [, bytes]) => n + bytes.length, 0));
  out.set(encodeUtf8(MAGIC));
  new DataView(out.buffer).setUint32(MAGIC.length, json.length, true);
  out.set(json, MAGIC.length + 4);
  let offset = MAGIC.length + 4 + json.length;
  for (const [, bytes] of files) {
    out.set(bytes, offset);
    offset += bytes.length;
  }
  return out;
}

/** Reads what writeHeaderPack wrote; a cut or foreign file is an error, never a throw. */
export function readHeaderPack(bytes: Uint8Array): Result<HeaderPack, string> {
  const reader = new ByteReader(bytes);
  const magic = reader.slice(0, MAGIC.length);
  if (!magic || decodeUtf8(magic) !== MAGIC) return err("not a header pack (bad magic)");
  const length = reader.u32(MAGIC.length);
  const json = length === undefined ? undefined : reader.slice(MAGIC.length + 4, length);
  if (!json) return err("header pack is cut short (index)");
  let index: PackIndex;
  try {
    index = JSON.parse(decodeUtf8(json)) as PackIndex;
  } catch {
    return err("header pack has a broken index");
  }
  const files = new Map<string, Uint8Array>();
  let offset = MAGIC.length + 4 + json.length;
  for (const [path, size] of index.files) {
    const content = reader.slice(offset, size);
    if (!content) return err(`header pack is cut short (${path})`);
    files.set(path, content);
    offset += size;
  }
  return ok({ packages: index.packages, files });
}
