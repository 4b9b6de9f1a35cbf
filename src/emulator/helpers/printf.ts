import { Errno } from "../errno.ts";
import { decodeUtf8 } from "../../base/bytes.ts";

/** What formatting needs of the machine: reads that may fail, symbols. */
export interface FormatSource {
  /** bytes, or undefined where nothing is mapped */
  tryRead(address: bigint, size: number): Uint8Array | undefined;
  /** "name" and offset of a function or variable, when the address is one's */
  symbol(address: bigint): { name: string; offset: number; size: number } | undefined;
}

const MAX_ARG_BUFFER = 512;
const isSpace = (c: number): boolean => c === 0x20 || (c >= 9 && c <= 13);
const isPunct = (c: number): boolean => (c > 0x20 && c < 0x30) || (c > 0x39 && c < 0x41) || (c > 0x5a && c < 0x61) || (c > 0x7a && c < 0x7f);
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;

/**
 * Formats as bpf_trace_printk, bpf_snprintf and their kin do: checks of kernel 7.3 bpf_bprintf_prepare, output of vsprintf.
 * `format` ends at its first zero byte, which must be there. The result is text as bytes, or a negative errno.
 */
export function formatBpf(format: Uint8Array, args: readonly bigint[], source: FormatSource): Uint8Array | number {
  const end = format.indexOf(0);
  if (end < 0) return -Errno.EINVAL;
  const at = (i: number): number => (i < end ? format[i]! : 0);
  const out: number[] = [];
  let used = 0;
  let next = 0;
  const push = (text: string): void => {
    for (let i = 0; i < text.length; i++) out.push(text.charCodeAt(i));
  };

  for (let i = 0; i < end; i++) {
    const c = format[i]!;
    if (c < 0x80 && !(c >= 0x20 && c < 0x7f) && !isSpace(c)) return -Errno.EINVAL;
    if (c !== 0x25) {
      out.push(c);
      continue;
    }
    if (at(i + 1) === 0x25) {
      out.push(0x25);
      i++;
      continue;
    }
    if (next >= args.length) return -Errno.EINVAL;
    i++;
    const flags = { zero: false, plus: false, left: false, space: false };
    let width = 0;
    for (; ; i++) {
      const f = at(i);
      if (f === 0x30) flags.zero = true;
      else if (f === 0x2b) flags.plus = true;
      else if (f === 0x2d) flags.left = true;
      else if (f === 0x20) flags.space = true;
      else break;
    }
    if (at(i) >= 0x31 && at(i) <= 0x39) for (; isDigit(at(i)); i++) width = Math.min(width * 10 + (at(i) - 0x30), 32767);
    const pad = (text: string): void => push(flags.left ? text.padEnd(width) : text.padStart(width));
    const arg = args[next]!;
    const spec = String.fromCharCode(at(i));

    if (spec === "p") {
      const follow = at(i + 1);
      const kind = String.fromCharCode(follow);
      if (follow === 0 || isSpace(follow) || isPunct(follow) || kind === "K") {
        if (kind === "K" && !(follow === 0)) i++;
        used = align4(used) + 8;
        pad(hashedPointer(arg).padStart(width > 16 && flags.zero ? width : 16, "0"));
      } else if ((kind === "k" || kind === "u") && String.fromCharCode(at(i + 2)) === "s") {
        i += 2;
        const error = putString(arg);
        if (error !== 0) return error;
        continue;
      } else if (kind === "x") {
        i++;
        used = align4(used) + 8;
        pad(arg.toString(16).padStart(16, "0"));
      } else if (kind === "s" || kind === "S" || kind === "B") {
        i++;
        used = align4(used) + 8;
        const symbol = source.symbol(arg);
        pad(!symbol ? `0x${arg.toString(16)}` : kind === "s" ? symbol.name : `${symbol.name}+0x${symbol.offset.toString(16)}/0x${symbol.size.toString(16)}`);
      } else if ((kind === "i" || kind === "I") && (at(i + 2) === 0x34 || at(i + 2) === 0x36)) {
        const size = at(i + 2) === 0x34 ? 4 : 16;
        i += 2;
        if (MAX_ARG_BUFFER - used < size) return -Errno.ENOSPC;
        const text = formatIp(source.tryRead(arg, size) ?? new Uint8Array(size), kind === "I");
        used += text.length + 1;
        pad(text);
      } else {
        return -Errno.EINVAL;
      }
    } else if (spec === "s") {
      const error = putString(arg);
      if (error !== 0) return error;
      continue;
    } else if (spec === "c") {
      if (used >= MAX_ARG_BUFFER) return -Errno.ENOSPC;
      used++;
      const byte = Number(arg & 0xffn);
      if (!flags.left) for (let k = 1; k < width; k++) out.push(0x20);
      out.push(byte);
      if (flags.left) for (let k = 1; k < width; k++) out.push(0x20);
    } else {
      let bits = 32;
      if (at(i) === 0x6c) {
        bits = 64;
        i++;
        if (at(i) === 0x6c) i++;
      }
      const type = String.fromCharCode(at(i));
      if (!"iduxX".includes(type) || at(i) === 0) return -Errno.EINVAL;
      used = align4(used) + bits / 8;
      pad(formatInteger(arg, bits, type, flags, width));
    }
    if (used > MAX_ARG_BUFFER) return -Errno.ENOSPC;
    next++;

    function putString(address: bigint): number {
      const follow = at(i + 1);
      if (follow !== 0 && !isSpace(follow) && !isPunct(follow)) return -Errno.EINVAL;
      if (used >= MAX_ARG_BUFFER) return -Errno.ENOSPC;
      const text = readString(source, address, MAX_ARG_BUFFER - used);
      used += text.length + 1;
      const fill = Math.max(0, width - text.length);
      if (!flags.left) for (let k = 0; k < fill; k++) out.push(0x20);
      for (const byte of text) out.push(byte);
      if (flags.left) for (let k = 0; k < fill; k++) out.push(0x20);
      next++;
      return 0;
    }
  }
  return Uint8Array.from(out);
}

function align4(n: number): number {
  return (n + 3) & ~3;
}

function formatInteger(arg: bigint, bits: number, type: string, flags: { zero: boolean; plus: boolean; left: boolean; space: boolean }, width: number): string {
  const signed = type === "d" || type === "i";
  const value = signed ? BigInt.asIntN(bits, arg) : BigInt.asUintN(bits, arg);
  const digits = (value < 0n ? -value : value).toString(type === "x" || type === "X" ? 16 : 10);
  const sign = signed ? (value < 0n ? "-" : flags.plus ? "+" : flags.space ? " " : "") : "";
  const body = type === "X" ? digits.toUpperCase() : digits;
  return flags.zero && !flags.left ? sign + body.padStart(Math.max(0, width - sign.length), "0") : sign + body;
}

/** %p hides addresses behind a hash; small and error values are shown. Ours is fixed, the kernel's key is random. */
function hashedPointer(value: bigint): string {
  if (value === 0n || value >= 0xffff_ffff_ffff_f001n) return value.toString(16);
  let h = 0x811c9dc5;
  for (let i = 0n; i < 64n; i += 8n) h = Math.imul(h ^ Number((value >> i) & 0xffn), 0x01000193);
  return (h >>> 0).toString(16).padStart(8, "0");
}

/** %pI4 and %pI6 with separators and without leading zeros in IPv4; %pi4 and %pi6 padded. */
function formatIp(bytes: Uint8Array, upper: boolean): string {
  if (bytes.length === 4) return [...bytes].map((b) => (upper ? String(b) : String(b).padStart(3, "0"))).join(".");
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16).padStart(4, "0"));
  return groups.join(upper ? ":" : "");
}

/** At most room - 1 bytes up to a zero; nothing where nothing is mapped. */
function readString(source: FormatSource, address: bigint, room: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < room - 1; i++) {
    const byte = source.tryRead(address + BigInt(i), 1);
    if (!byte) return [];
    if (byte[0] === 0) break;
    out.push(byte[0]!);
  }
  return out;
}

/** Output bytes as text for the trace. */
export function traceText(bytes: Uint8Array): string {
  return decodeUtf8(bytes);
}
