/** Little-endian reads over bytes from a stranger: out of range reads return undefined, they never throw. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly length: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** True when [offset, offset+size) lies inside; rejects negative, fractional and unsafe numbers. */
  has(offset: number, size: number): boolean {
    return Number.isSafeInteger(offset) && Number.isSafeInteger(size) && offset >= 0 && size >= 0 && offset + size <= this.length;
  }

  u8(offset: number): number | undefined {
    return this.has(offset, 1) ? this.view.getUint8(offset) : undefined;
  }

  u16(offset: number): number | undefined {
    return this.has(offset, 2) ? this.view.getUint16(offset, true) : undefined;
  }

  s16(offset: number): number | undefined {
    return this.has(offset, 2) ? this.view.getInt16(offset, true) : undefined;
  }

  u32(offset: number): number | undefined {
    return this.has(offset, 4) ? this.view.getUint32(offset, true) : undefined;
  }

  s32(offset: number): number | undefined {
    return this.has(offset, 4) ? this.view.getInt32(offset, true) : undefined;
  }

  u64(offset: number): bigint | undefined {
    return this.has(offset, 8) ? this.view.getBigUint64(offset, true) : undefined;
  }

  /** A view (no copy) of [offset, offset+size). */
  slice(offset: number, size: number): Uint8Array | undefined {
    return this.has(offset, size) ? this.bytes.subarray(offset, offset + size) : undefined;
  }

  /** The zero-terminated string at offset, at most maxLength bytes; undefined when no terminator is found. Bytes are read as UTF-8. */
  cString(offset: number, maxLength = 4096): string | undefined {
    if (!this.has(offset, 1)) return undefined;
    const limit = Math.min(this.length, offset + maxLength);
    let end = offset;
    while (end < limit && this.bytes[end] !== 0) end++;
    if (end >= limit) return undefined;
    return decodeUtf8(this.bytes.subarray(offset, end));
  }
}

interface Utf8Decoder {
  decode(input: Uint8Array): string;
}
interface Utf8Encoder {
  encode(input: string): Uint8Array;
}
declare const TextDecoder: new (label?: string) => Utf8Decoder;
declare const TextEncoder: new () => Utf8Encoder;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** UTF-8 bytes to text; invalid sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Text to UTF-8 bytes. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Lower-case hexadecimal without separators. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const b of bytes) out += b.toString(16).padStart(2, "0");
  return out;
}

/** Bytes of a hexadecimal text (white space and colons between bytes allowed); undefined when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  const clean = text.replace(/[\s:]/g, "");
  if (clean.length % 2 !== 0 || /[^0-9a-fA-F]/.test(clean)) return undefined;
  const out = new Uint8Array(clean.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(clean.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648 base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += BASE64[group >> 18]! + BASE64[(group >> 12) & 63]! + (i + 1 < bytes.length ? BASE64[(group >> 6) & 63]! : "=") + (i + 2 < bytes.length ? BASE64[group & 63]! : "=");
  }
  return out;
}

/** Undefined for a text that is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const body = text.replace(/={1,2}$/, "");
  if (text.length % 4 !== 0 || body.length % 4 === 1) return undefined;
  const out = new Uint8Array(Math.floor((body.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of body) {
    const value = BASE64.indexOf(char);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = (held >> bits) & 0xff;
  }
  return out;
}
