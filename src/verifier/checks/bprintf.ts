/** Which formats bpf_snprintf and its kin take (kernel bpf_bprintf_prepare, from 5.13 to 7.3). */
const of = (chars: string): ReadonlySet<number> => new Set(Array.from(chars, (c) => c.charCodeAt(0)));
const SPACE = of(" \t\n\v\f\r"), FLAGS = of("0+- "), INT = of("idxuX");
/** what may follow %p in place of the end, a space or punctuation */
const POINTER = of("KxsSB"), STRING_KIND = of("ku"), IP = of("iI"), IP_VERSION = of("46");
const PERCENT = 0x25, C = 0x63, L = 0x6c, P = 0x70, S = 0x73;

const isPrint = (c: number): boolean => c >= 0x20 && c < 0x7f;
/** As the kernel's table of Latin-1 has it (lib/ctype.c). */
const isSpace = (c: number): boolean => SPACE.has(c) || c === 0xa0;
function isPunct(c: number): boolean {
  if (c >= 0x80) return (c > 0xa0 && c < 0xc0) || c === 0xd7 || c === 0xf7;
  return isPrint(c) && c !== 0x20 && !(c >= 0x30 && c <= 0x39) && !(c >= 0x41 && c <= 0x5a) && !(c >= 0x61 && c <= 0x7a);
}
const ends = (c: number): boolean => c === 0 || isSpace(c) || isPunct(c);

/** Index of the last byte of the conversion that begins after the % at `i`, or -1 where it is none of those allowed. */
function conversion(at: (i: number) => number, start: number): number {
  let i = start + 1;
  if (at(i) >= 0x80) return -1;
  while (FLAGS.has(at(i))) i++;
  if (at(i) >= 0x31 && at(i) <= 0x39) while (at(i) >= 0x30 && at(i) <= 0x39) i++;
  const c = at(i);
  if (c === P) {
    const next = at(i + 1);
    if (ends(next)) return i;
    if (STRING_KIND.has(next) && at(i + 2) === S) return ends(at(i + 3)) ? i + 2 : -1;
    if (POINTER.has(next)) return i + 1;
    return IP.has(next) && IP_VERSION.has(at(i + 2)) ? i + 2 : -1;
  }
  if (c === S) return ends(at(i + 1)) ? i : -1;
  if (c === C) return i;
  if (at(i) === L) i++;
  if (at(i) === L) i++;
  return INT.has(at(i)) ? i : -1;
}

/**
 * Is the zero-terminated format one that may be given that many arguments? Fewer conversions than arguments are fine.
 * @param bytes ends at the zero or before it
 */
export function formatAllowed(bytes: Uint8Array, args: number): boolean {
  const zero = bytes.indexOf(0);
  const length = zero < 0 ? bytes.length : zero;
  const at = (i: number): number => (i < length ? bytes[i]! : 0);
  let conversions = 0;
  for (let i = 0; i < length; i++) {
    const c = at(i);
    if (c < 0x80 && !isPrint(c) && !isSpace(c)) return false;
    if (c !== PERCENT) continue;
    if (at(i + 1) === PERCENT) {
      i++;
      continue;
    }
    if (conversions >= args) return false;
    const last = conversion(at, i);
    if (last < 0) return false;
    i = last;
    conversions++;
  }
  return true;
}
