import { ByteReader, decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parseBtf } from "../btf/parse.ts";
import type { Btf } from "../btf/types.ts";
import type { KernelPack, KernelPackManifest } from "./types.ts";

/*
 * A pack, decoded (little endian):
 *   0  "BPFPACK1"
 *   8  u32 length of the whole
 *  12  u32 checksum of everything from byte 16 on (packChecksum)
 *  16  u32 number of sections, u32 zero
 *  24  64 bytes a section: name (56 bytes, zero padded), u32 offset, u32 length
 *      then the sections, each at a multiple of 8: "manifest" (JSON), "config" (the kernel's .config), "btf", "btf:MODULE"…
 */
const MAGIC = encodeUtf8("BPFPACK1");
const HEADER = 24;
const ENTRY = 64;
const NAME = 56;
const MAX_SECTIONS = 256;

/** How the bytes of a pack file are packed: as they come over the wire they may be compressed or, where a host has set Content-Encoding, already decoded. */
export type PackEncoding = "plain" | "gzip" | "brotli";

/** Undoes a compression: DecompressionStream in a browser, zlib in Node, a decoder of ours for brotli. May throw on damaged data. */
export type Decompress = (encoding: "gzip" | "brotli", bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** Raw contents of a pack. */
export interface PackContents {
  manifest: KernelPackManifest;
  /** null: the kernel was built without BTF */
  btf: Uint8Array | null;
  /** split BTF by module name, in the pack's order */
  modules: ReadonlyMap<string, Uint8Array>;
  /** the kernel's .config; "" when the archive had none for it */
  config: string;
}

/** Tells the encoding from the first bytes. Brotli has no magic: it is what is neither of the others. */
export function packEncoding(bytes: Uint8Array): PackEncoding {
  if (MAGIC.every((byte, i) => bytes[i] === byte)) return "plain";
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? "gzip" : "brotli";
}

/** A pack file's bytes, decoded if they have to be. The error says that the file is damaged or cut. */
export async function decodePack(bytes: Uint8Array, decompress: Decompress): Promise<Result<Uint8Array, string>> {
  const encoding = packEncoding(bytes);
  if (encoding === "plain") return ok(bytes);
  try {
    return ok(await decompress(encoding, bytes));
  } catch {
    return err(`the kernel pack is damaged: its ${bytes.length} bytes are no whole ${encoding} data`);
  }
}

/** FNV-1a over 32-bit words (a rest of one to three bytes is padded with zeros); 7 MB take about 5 ms. */
export function packChecksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length & ~3;
  let hash = 0x811c9dc5;
  for (let i = 0; i < whole; i += 4) hash = Math.imul(hash ^ view.getInt32(i, true), 0x01000193);
  let rest = 0;
  for (let i = whole; i < bytes.length; i++) rest |= (bytes[i] ?? 0) << (8 * (i - whole));
  return Math.imul(hash ^ rest, 0x01000193) >>> 0;
}

/** Writes a decoded pack. The same contents give the same bytes. */
export function writePack(contents: PackContents): Uint8Array {
  const sections: [string, Uint8Array][] = [["manifest", encodeUtf8(JSON.stringify(contents.manifest))], ["config", encodeUtf8(contents.config)]];
  if (contents.btf) sections.push(["btf", contents.btf]);
  for (const [name, bytes] of contents.modules) sections.push([`btf:${name}`, bytes]);
  let length = HEADER + ENTRY * sections.length;
  const offsets = sections.map(([, bytes]) => {
    const offset = length;
    length = (length + bytes.length + 7) & ~7;
    return offset;
  });
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  out.set(MAGIC, 0);
  view.setUint32(8, length, true);
  view.setUint32(16, sections.length, true);
  sections.forEach(([name, bytes], i) => {
    const at = HEADER + ENTRY * i;
    out.set(encodeUtf8(name).subarray(0, NAME - 1), at);
    view.setUint32(at + NAME, offsets[i] ?? 0, true);
    view.setUint32(at + NAME + 4, bytes.length, true);
    out.set(bytes, offsets[i]);
  });
  view.setUint32(12, packChecksum(out.subarray(16)), true);
  return out;
}

/** Takes a decoded pack apart. The error says what does not fit: nothing of a damaged pack is used. */
export function readPack(bytes: Uint8Array): Result<PackContents, string> {
  if (packEncoding(bytes) !== "plain") return err("this is not a kernel pack: it does not begin with BPFPACK1");
  const reader = new ByteReader(bytes);
  const length = reader.u32(8);
  if (length === undefined) return err(`the kernel pack is cut: ${bytes.length} bytes do not hold its header`);
  if (length > bytes.length) return err(`the kernel pack is cut: it should have ${length} bytes, ${bytes.length} are there`);
  if (length < bytes.length) return err(`the kernel pack is damaged: it should have ${length} bytes, ${bytes.length} are there`);
  if (packChecksum(bytes.subarray(16)) !== reader.u32(12)) return err("the kernel pack is damaged: its checksum does not fit");
  const count = reader.u32(16) ?? 0;
  if (count > MAX_SECTIONS) return err(`the kernel pack is damaged: it claims ${count} sections`);
  const sections = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const at = HEADER + ENTRY * i;
    const name = reader.cString(at, NAME);
    const section = reader.slice(reader.u32(at + NAME) ?? -1, reader.u32(at + NAME + 4) ?? -1);
    if (name === undefined || section === undefined) return err(`the kernel pack is damaged: section ${i} lies outside it`);
    sections.set(name, section);
  }
  const manifest = parseManifest(sections.get("manifest"));
  if (!manifest.ok) return manifest;
  const modules = new Map([...sections].flatMap(([name, section]) => (name.startsWith("btf:") ? [[name.slice(4), section] as const] : [])));
  const config = sections.get("config");
  return ok({ manifest: manifest.value, btf: sections.get("btf") ?? null, modules, config: config ? decodeUtf8(config) : "" });
}

function parseManifest(section: Uint8Array | undefined): Result<KernelPackManifest, string> {
  if (!section) return err("the kernel pack has no manifest");
  let data: unknown;
  try {
    data = JSON.parse(decodeUtf8(section));
  } catch {
    return err("the kernel pack's manifest is not JSON");
  }
  const manifest = data as Partial<KernelPackManifest> | null;
  if (typeof manifest !== "object" || manifest === null) return err("the kernel pack's manifest is no object");
  if (manifest.schema !== 1) return err(`the kernel pack has schema ${String(manifest.schema)}; this version reads schema 1`);
  const lists = ["progTypes", "mapTypes", "attachTypes", "helpers", "kfuncs", "dtors", "ctx", "modules"] as const;
  const missing = lists.find((name) => !Array.isArray(manifest[name]));
  if (missing !== undefined || typeof manifest.kernel !== "string" || typeof manifest.release !== "string") {
    return err(`the kernel pack's manifest lacks ${missing ?? "the kernel's name"}`);
  }
  return ok(data as KernelPackManifest);
}

/** "CONFIG_HZ=250" lines to a map; "# CONFIG_X is not set" leaves the name out. */
export function parseKernelConfig(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const match of text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)) options.set(match[1] ?? "", match[2] ?? "");
  return options;
}

/** Opens a decoded pack (decodePack): its BTF is indexed, its manifest parsed. Errors are one line for people. */
export function openPack(bytes: Uint8Array): Result<KernelPack, string> {
  const contents = readPack(bytes);
  if (!contents.ok) return contents;
  const { manifest, config } = contents.value;
  let btf: Btf | null = null;
  const modules = new Map<string, Btf>();
  if (contents.value.btf) {
    const parsed = parseBtf(contents.value.btf, { name: "vmlinux" });
    if (!parsed.ok) return err(`the kernel pack's BTF is damaged: ${parsed.error.message}`);
    btf = parsed.value;
    for (const [name, section] of contents.value.modules) {
      const split = parseBtf(section, { base: btf, name });
      if (!split.ok) return err(`the kernel pack's BTF of module ${name} is damaged: ${split.error.message}`);
      modules.set(name, split.value);
    }
  }
  return ok({ manifest, btf, modules, config: parseKernelConfig(config) });
}
