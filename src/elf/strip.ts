import { SHT_NULL } from "./constants.ts";
import { parseElf } from "./parse.ts";

const SHDR_SIZE = 64;

/**
 * An object without its DWARF: sections .debug_* and what relocates them become empty headers, so that section numbers stay as
 * they are; their bytes go. BTF stays. Bytes that are no object are given back as they are.
 */
export function stripDebug(bytes: Uint8Array): Uint8Array {
  const elf = parseElf(bytes);
  if (!elf.ok) return bytes;
  const { sections } = elf.value;
  const before = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shoff = Number(before.getBigUint64(40, true));
  const parts: { at: number; data: Uint8Array }[] = [];
  const headers = bytes.slice(shoff, shoff + sections.length * SHDR_SIZE);
  const view = new DataView(headers.buffer);
  let end = 64;
  for (const section of sections) {
    const header = section.index * SHDR_SIZE;
    if (/^(?:\.rela?)?\.debug_/.test(section.name)) {
      view.setUint32(header + 4, SHT_NULL, true);
      view.setBigUint64(header + 24, 0n, true);
      view.setBigUint64(header + 32, 0n, true);
      continue;
    }
    if (section.data.length === 0) {
      view.setBigUint64(header + 24, 0n, true);
      continue;
    }
    end = Math.ceil(end / 8) * 8;
    view.setBigUint64(header + 24, BigInt(end), true);
    parts.push({ at: end, data: section.data });
    end += section.data.length;
  }
  const table = Math.ceil(end / 8) * 8;
  const out = new Uint8Array(table + headers.length);
  out.set(bytes.subarray(0, 64));
  for (const { at, data } of parts) out.set(data, at);
  out.set(headers, table);
  new DataView(out.buffer).setBigUint64(40, BigInt(table), true);
  return out;
}
