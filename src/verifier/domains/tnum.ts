/**
 * Tracked numbers: for each of 64 bits, known 0, known 1 or unknown (kernel lib kernel/bpf/tnum.c).
 * Values are immutable; `value` and `mask` are unsigned 64-bit and never share a set bit, save in the result of an
 * intersection of two contradicting numbers.
 */
import { S64_MIN, U64_MAX } from "../../base/u64.ts";

export class Tnum {
  readonly value: bigint;
  readonly mask: bigint;
  constructor(value: bigint, mask: bigint) {
    this.value = value;
    this.mask = mask;
  }
}

const ZERO = new Tnum(0n, 0n);
const U32 = 0xffff_ffffn;
const HI32 = 0xffff_ffff_0000_0000n;

export const TNUM_UNKNOWN = new Tnum(0n, U64_MAX);
export const TNUM_UNKNOWN32 = new Tnum(0n, U32);

const u = (v: bigint): bigint => BigInt.asUintN(64, v);

const SMALL: Tnum[] = [];
for (let i = 0; i < 256; i++) SMALL.push(new Tnum(BigInt(i), 0n));

export function tnumConst(value: bigint): Tnum {
  if (value >= 0n && value < 256n) return SMALL[Number(value)]!;
  return new Tnum(u(value), 0n);
}

/** Number of significant bits: 0 for 0, 64 for a value with the top bit set (kernel fls64). */
export function fls64(v: bigint): number {
  if (v === 0n) return 0;
  const hi = Number(v >> 32n);
  return hi !== 0 ? 64 - Math.clz32(hi) : 32 - Math.clz32(Number(v & U32));
}

/** Smallest tnum that holds every value of [min, max], both unsigned. */
export function tnumRange(min: bigint, max: bigint): Tnum {
  const chi = u(min ^ max);
  const bits = fls64(chi);
  if (bits > 63) return TNUM_UNKNOWN;
  const delta = (1n << BigInt(bits)) - 1n;
  return new Tnum(u(min) & u(~delta), delta);
}

export const tnumIsConst = (a: Tnum): boolean => a.mask === 0n;
export const tnumEqualsConst = (a: Tnum, b: bigint): boolean => a.mask === 0n && a.value === b;
export const tnumIsUnknown = (a: Tnum): boolean => u(~a.mask) === 0n;
export const tnumSubregIsConst = (a: Tnum): boolean => (a.mask & U32) === 0n;
export const tnumEqual = (a: Tnum, b: Tnum): boolean => a === b || (a.value === b.value && a.mask === b.mask);

export function tnumLshift(a: Tnum, shift: bigint): Tnum {
  return new Tnum(u(a.value << shift), u(a.mask << shift));
}
export function tnumRshift(a: Tnum, shift: bigint): Tnum {
  return new Tnum(a.value >> shift, a.mask >> shift);
}
export function tnumArshift(a: Tnum, shift: bigint, bits: 32 | 64): Tnum {
  if (bits === 32)
    return new Tnum(BigInt.asUintN(32, BigInt.asIntN(32, a.value) >> shift), BigInt.asUintN(32, BigInt.asIntN(32, a.mask) >> shift));
  return new Tnum(u(BigInt.asIntN(64, a.value) >> shift), u(BigInt.asIntN(64, a.mask) >> shift));
}
export function tnumAdd(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnumConst(u(a.value + b.value));
  const sm = u(a.mask + b.mask);
  const sv = u(a.value + b.value);
  const mu = u(sm + sv) ^ sv | a.mask | b.mask;
  return new Tnum(sv & ~mu, mu);
}
export function tnumSub(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnumConst(u(a.value - b.value));
  const dv = u(a.value - b.value);
  const mu = (u(dv + a.mask) ^ u(dv - b.mask)) | a.mask | b.mask;
  return new Tnum(dv & ~mu, mu);
}
export function tnumNeg(a: Tnum): Tnum {
  return tnumSub(ZERO, a);
}
export function tnumAnd(a: Tnum, b: Tnum): Tnum {
  const v = a.value & b.value;
  return new Tnum(v, (a.value | a.mask) & (b.value | b.mask) & ~v);
}
export function tnumOr(a: Tnum, b: Tnum): Tnum {
  const v = a.value | b.value;
  return new Tnum(v, (a.mask | b.mask) & ~v);
}
export function tnumXor(a: Tnum, b: Tnum): Tnum {
  const mu = a.mask | b.mask;
  return new Tnum((a.value ^ b.value) & ~mu, mu);
}
export function tnumUnion(a: Tnum, b: Tnum): Tnum {
  const mu = (a.value ^ b.value) | a.mask | b.mask;
  return new Tnum(a.value & b.value & ~mu, mu);
}

/** Long multiplication that joins both outcomes at an unknown bit (kernel tnum_mul from 6.18 on). */
export function tnumMulUnion(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnumConst(u(a.value * b.value));
  let av = a.value, am = a.mask;
  let acc = ZERO;
  let bb = b;
  while (av !== 0n || am !== 0n) {
    if (av & 1n) acc = tnumAdd(acc, bb);
    else if (am & 1n) acc = tnumUnion(acc, tnumAdd(acc, bb));
    av >>= 1n;
    am >>= 1n;
    bb = tnumLshift(bb, 1n);
  }
  return acc;
}
/** Multiplication of releases before 6.18: certain and uncertain partial products are summed apart. */
export function tnumMulSplit(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnumConst(u(a.value * b.value));
  const accV = u(a.value * b.value);
  let accM = ZERO;
  let av = a.value, am = a.mask;
  let bb = b;
  while (av !== 0n || am !== 0n) {
    if (av & 1n) accM = tnumAdd(accM, new Tnum(0n, bb.mask));
    else if (am & 1n) accM = tnumAdd(accM, new Tnum(0n, bb.value | bb.mask));
    av >>= 1n;
    am >>= 1n;
    bb = tnumLshift(bb, 1n);
  }
  return tnumAdd(tnumConst(accV), accM);
}
/** Multiplication before 5.14: half-multiply-add. */
export function tnumMulHma(a: Tnum, b: Tnum): Tnum {
  const pi = u(a.value * b.value);
  const hma = (acc0: Tnum, value0: bigint, mask0: bigint): Tnum => {
    let acc = acc0, value = value0, mask = mask0;
    while (mask !== 0n) {
      if (mask & 1n) acc = tnumAdd(acc, new Tnum(0n, value));
      mask >>= 1n;
      value = u(value << 1n);
    }
    return acc;
  };
  return hma(hma(tnumConst(pi), a.mask, b.mask | b.value), b.mask, a.value);
}

export function tnumOverlap(a: Tnum, b: Tnum): boolean {
  const mu = ~a.mask & ~b.mask;
  return (a.value & mu) === (b.value & mu);
}
export function tnumIntersect(a: Tnum, b: Tnum): Tnum {
  const mu = a.mask & b.mask;
  return new Tnum((a.value | b.value) & ~mu, mu);
}
/** Truncates to `size` bytes. */
export function tnumCast(a: Tnum, size: number): Tnum {
  if (size >= 8) return a;
  const m = (1n << BigInt(size * 8)) - 1n;
  return new Tnum(a.value & m, a.mask & m);
}
export function tnumIsAligned(a: Tnum, size: bigint): boolean {
  return size === 0n || ((a.value | a.mask) & (size - 1n)) === 0n;
}
/** Is every value of b a value of a? */
export function tnumIn(a: Tnum, b: Tnum): boolean {
  if (a === b) return true;
  if ((b.mask & ~a.mask) !== 0n) return false;
  return a.value === (b.value & ~a.mask);
}
export function tnumSubreg(a: Tnum): Tnum {
  if (a.value <= U32 && a.mask <= U32) return a;
  return new Tnum(a.value & U32, a.mask & U32);
}
export function tnumClearSubreg(a: Tnum): Tnum {
  return new Tnum(a.value & HI32, a.mask & HI32);
}
export function tnumWithSubreg(reg: Tnum, sub: Tnum): Tnum {
  return tnumOr(tnumClearSubreg(reg), tnumSubreg(sub));
}
export function tnumConstSubreg(a: Tnum, value: number | bigint): Tnum {
  return tnumWithSubreg(a, tnumConst(BigInt.asUintN(32, BigInt(value))));
}
function swab(v: bigint, bytes: number): bigint {
  let out = 0n;
  let w = v;
  for (let i = 0; i < bytes; i++) {
    out = (out << 8n) | (w & 0xffn);
    w >>= 8n;
  }
  return out;
}
/** Byte swap of the low 16, 32 or 64 bits; what is above them becomes known 0. */
export function tnumBswap(a: Tnum, bits: number): Tnum {
  return new Tnum(swab(a.value, bits / 8), swab(a.mask, bits / 8));
}
/** The smallest member of t above z, or t's largest when there is none, or its smallest when z lies below (7.x tnum_step). */
export function tnumStep(t: Tnum, z: bigint): bigint {
  const tmax = t.value | t.mask;
  if (z >= tmax) return tmax;
  if (z < t.value) return t.value;
  const d = z - t.value;
  const nm = u(~t.mask);
  const carry = (1n << BigInt(fls64(d & nm))) - 1n;
  return t.value | (u((d | carry | nm) + 1n) & t.mask);
}

const S32_BIT = 0x8000_0000n;
const S64_BIT = u(S64_MIN);
/** Signed 64-bit minimum and maximum that the known bits allow. */
export function tnumSignedRange64(t: Tnum): [bigint, bigint] {
  return [BigInt.asIntN(64, t.value | (t.mask & S64_BIT)), BigInt.asIntN(64, t.value | (t.mask & (S64_BIT - 1n)))];
}
/** The same over the low 32 bits. */
export function tnumSignedRange32(t0: Tnum): [number, number] {
  const t = tnumSubreg(t0);
  return [Number(BigInt.asIntN(32, t.value | (t.mask & S32_BIT))), Number(BigInt.asIntN(32, t.value | (t.mask & (S32_BIT - 1n))))];
}

/** The one value that known bits and the unsigned range [umin, umax] have in common, where there is exactly one (kernel __update_reg64_bounds from 7.1). */
export function tnumSingleValue(t: Tnum, umin: bigint, umax: bigint): bigint | undefined {
  const next = tnumStep(t, umin);
  const inTnum = (umin & ~t.mask) === t.value;
  if (inTnum) return next > umax ? umin : undefined;
  return next === (t.value | t.mask) || (next <= umax && tnumStep(t, next) > umax) ? next : undefined;
}
