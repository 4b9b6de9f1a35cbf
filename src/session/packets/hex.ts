/** "00 11 22 …", sixteen bytes a line. */
export function formatHex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 16) {
    lines.push(Array.from(bytes.subarray(i, i + 16), (b) => b.toString(16).padStart(2, "0")).join(" "));
  }
  return lines.join("\n");
}

/** Printable ASCII as itself, everything else as a dot. */
export function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

export interface HexRow { offset: number; bytes: Uint8Array; changed: readonly boolean[] }

/** Rows of sixteen bytes; `changed` marks bytes that differ from `before` at the same offset (or that it does not have). */
export function hexRows(bytes: Uint8Array, before: Uint8Array | null = null): HexRow[] {
  const rows: HexRow[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const part = bytes.subarray(offset, offset + 16);
    rows.push({ offset, bytes: part, changed: Array.from(part, (b, i) => before !== null && b !== before[offset + i]) });
  }
  return rows;
}

/** Little-endian unsigned reading of up to eight bytes; null for other sizes. */
export function readNumber(bytes: Uint8Array): bigint | null {
  if (![1, 2, 4, 8].includes(bytes.length)) return null;
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** A number as little-endian bytes, wrapped to the size. */
export function writeNumber(value: bigint, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, value);
  for (let i = 0; i < size; i++) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}
