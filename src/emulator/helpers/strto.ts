import { Errno } from "../errno.ts";

/** bpf_strtol and bpf_strtoul (kernel 7.3 __bpf_strtoull): value, sign and bytes consumed, or a negative errno. */
export function parseInteger(text: Uint8Array, flags: bigint): { value: bigint; negative: boolean; consumed: number } | number {
  let base = Number(flags & 0x1fn);
  if (text.length === 0 || (base !== 0 && base !== 8 && base !== 10 && base !== 16) || (flags & ~0x1fn) !== 0n) return -Errno.EINVAL;
  let at = 0;
  while (at < text.length && (text[at] === 0x20 || text[at] === 0xa0 || (text[at]! >= 9 && text[at]! <= 13))) at++;
  const negative = text[at] === 0x2d;
  if (negative) at++;
  if (at >= text.length) return -Errno.EINVAL;
  const digits = text.subarray(at, at + 63);
  let i = 0;
  const lower = (k: number): number => (digits[k] ?? 0) | 0x20;
  const hexAt = (k: number): boolean => digit(digits[k] ?? 0) < 16;
  if (base === 0) base = digits[0] === 0x30 ? (lower(1) === 0x78 && hexAt(2) ? 16 : 8) : 10;
  if (base === 16 && digits[0] === 0x30 && lower(1) === 0x78) i = 2;
  const start = i;
  let value = 0n;
  let overflow = false;
  for (; i < digits.length; i++) {
    const d = digit(digits[i]!);
    if (d >= base) break;
    value = value * BigInt(base) + BigInt(d);
    if (value > 0xffff_ffff_ffff_ffffn) overflow = true;
  }
  if (overflow) return -Errno.ERANGE;
  if (i === start) return -Errno.EINVAL;
  return { value, negative, consumed: at + i };
}

function digit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 99;
}
