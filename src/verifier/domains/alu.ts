/**
 * Transfer functions of the ALU operations over scalars (kernel adjust_scalar_min_max_vals and the scalar*_min_max_*
 * functions). They change `dst` in place; the caller zero-extends 32-bit results and synchronises bounds.
 */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import { type ScalarDomain, type ScalarState, setKnown, setKnown32, setUnbounded } from "./bounds.ts";
import { coerceToSize } from "./coerce.ts";
import { R32_UNBOUNDED, R64_UNBOUNDED, r32Const, r64Const, S32_MAX_N, S32_MIN_N, U32_MAX_N } from "./range.ts";
import {
  TNUM_UNKNOWN, tnumAdd, tnumAnd, tnumArshift, tnumBswap, tnumCast, tnumConst, tnumIsConst, tnumLshift, tnumNeg, tnumOr, tnumRshift, tnumSub,
  tnumSubreg, tnumSubregIsConst, tnumXor,
} from "./tnum.ts";

const minB = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const maxB = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export function scalarAdd(dom: ScalarDomain, dst: ScalarState, src: ScalarState): void {
  dst.r32 = dom.add32(dst.r32, src.r32);
  dst.r64 = dom.add64(dst.r64, src.r64);
  dst.varOff = tnumAdd(dst.varOff, src.varOff);
}
export function scalarSub(dom: ScalarDomain, dst: ScalarState, src: ScalarState): void {
  dst.r32 = dom.sub32(dst.r32, src.r32);
  dst.r64 = dom.sub64(dst.r64, src.r64);
  dst.varOff = tnumSub(dst.varOff, src.varOff);
}
export function scalarNeg(dom: ScalarDomain, dst: ScalarState): void {
  dst.r32 = dom.sub32(r32Const(0n), dst.r32);
  dst.r64 = dom.sub64(r64Const(0n), dst.r64);
  dst.varOff = tnumNeg(dst.varOff);
}

/** @param signedProducts releases from 6.14 multiply signed bounds; before, only non-negative ones (kernel scalar_min_max_mul) */
export function scalarMul(dom: ScalarDomain, dst: ScalarState, src: ScalarState, signedProducts: boolean): void {
  dst.varOff = dom.mulTnum(dst.varOff, src.varOff);
  const a = dst.r32, b = src.r32, A = dst.r64, B = src.r64;
  if (!signedProducts) {
    if (a.smin < 0 || b.smin < 0 || a.umax > 0xffff || b.umax > 0xffff) dst.r32 = R32_UNBOUNDED;
    else dst.r32 = dom.fromU32(a.umin * b.umin, a.umax * b.umax);
    if (A.smin < 0n || B.smin < 0n || A.umax > 0xffff_ffffn || B.umax > 0xffff_ffffn) dst.r64 = R64_UNBOUNDED;
    else dst.r64 = dom.fromU64(A.umin * B.umin, A.umax * B.umax);
    return;
  }
  let umin = BigInt(a.umin) * BigInt(b.umin), umax = BigInt(a.umax) * BigInt(b.umax);
  if (umax > 0xffff_ffffn || umin > 0xffff_ffffn) { umin = 0n; umax = 0xffff_ffffn; }
  const p = [BigInt(a.smin) * BigInt(b.smin), BigInt(a.smin) * BigInt(b.smax), BigInt(a.smax) * BigInt(b.smin), BigInt(a.smax) * BigInt(b.smax)];
  let lo = p.reduce(minB), hi = p.reduce(maxB);
  if (lo < -0x8000_0000n || hi > 0x7fff_ffffn) { lo = -0x8000_0000n; hi = 0x7fff_ffffn; }
  dst.r32 = dom.both32(Number(umin), Number(umax), Number(lo), Number(hi));

  umin = A.umin * B.umin;
  umax = A.umax * B.umax;
  if (umax > U64_MAX || umin > U64_MAX) { umin = 0n; umax = U64_MAX; }
  const q = [A.smin * B.smin, A.smin * B.smax, A.smax * B.smin, A.smax * B.smax];
  lo = q.reduce(minB);
  hi = q.reduce(maxB);
  if (lo < S64_MIN || hi > S64_MAX) { lo = S64_MIN; hi = S64_MAX; }
  dst.r64 = dom.both64(umin, umax, lo, hi);
}

function reset64(dst: ScalarState): void {
  dst.r64 = R64_UNBOUNDED;
  dst.varOff = TNUM_UNKNOWN;
}
function reset32(dst: ScalarState): void {
  dst.r32 = R32_UNBOUNDED;
  dst.varOff = TNUM_UNKNOWN;
}

/** Division by a constant (7.0+). `signed` is the offset-1 form. Division by zero gives 0. */
export function scalarDiv(dom: ScalarDomain, dst: ScalarState, src: ScalarState, alu32: boolean, signed: boolean): void {
  if (alu32 ? src.r32.umin === 0 : src.r64.umin === 0n) {
    setKnown(dst, 0n);
    return;
  }
  if (alu32) {
    if (signed) {
      const d = src.r32.smin;
      let { smin, smax } = dst.r32;
      if (smin === S32_MIN_N && d === -1) {
        if (smax !== S32_MIN_N) { smin = S32_MIN_N; smax = S32_MAX_N; }
      } else {
        const a = Math.trunc(smin / d) | 0, b = Math.trunc(smax / d) | 0;
        smin = Math.min(a, b);
        smax = Math.max(a, b);
      }
      dst.r32 = dom.fromS32(smin, smax);
    } else dst.r32 = dom.fromU32(Math.floor(dst.r32.umin / src.r32.umin), Math.floor(dst.r32.umax / src.r32.umin));
    reset64(dst);
    return;
  }
  if (signed) {
    const d = src.r64.smin;
    let { smin, smax } = dst.r64;
    if (smin === S64_MIN && d === -1n) {
      if (smax !== S64_MIN) { smin = S64_MIN; smax = S64_MAX; }
    } else {
      const a = smin / d, b = smax / d;
      smin = minB(a, b);
      smax = maxB(a, b);
    }
    dst.r64 = dom.fromS64(smin, smax);
  } else dst.r64 = dom.fromU64(dst.r64.umin / src.r64.umin, dst.r64.umax / src.r64.umin);
  reset32(dst);
}

/** Remainder by a constant (7.0+); by zero the value stays. */
export function scalarMod(dom: ScalarDomain, dst: ScalarState, src: ScalarState, alu32: boolean, signed: boolean): void {
  if (alu32 ? src.r32.umin === 0 : src.r64.umin === 0n) return;
  if (alu32) {
    if (signed) {
      const abs = Math.abs(src.r32.smin);
      const m = (abs - 1) | 0;
      const { smin, smax } = dst.r32;
      if (smin >= -m && smax <= m) return;
      dst.r32 = smin >= 0 ? dom.fromS32(0, Math.min(smax, m)) : smax <= 0 ? dom.fromS32(Math.max(smin, -m), 0) : dom.fromS32(-m, m);
    } else {
      const m = src.r32.umin - 1;
      if (dst.r32.umax <= m) return;
      dst.r32 = dom.fromU32(0, Math.min(dst.r32.umax, m));
    }
    reset64(dst);
    return;
  }
  if (signed) {
    const d = src.r64.smin;
    const m = (d > 0n ? d : -d) - 1n;
    const { smin, smax } = dst.r64;
    if (smin >= -m && smax <= m) return;
    dst.r64 = smin >= 0n ? dom.fromS64(0n, minB(smax, m)) : smax <= 0n ? dom.fromS64(maxB(smin, -m), 0n) : dom.fromS64(-m, m);
  } else {
    const m = src.r64.umin - 1n;
    if (dst.r64.umax <= m) return;
    dst.r64 = dom.fromU64(0n, minB(dst.r64.umax, m));
  }
  reset32(dst);
}

type Bitwise = "and" | "or" | "xor";
/** Bitwise operations: the known bits give one end, the operands' bounds the other. `signedRule`: classic releases kept signed bounds on their own terms. */
export function scalarBitwise(dom: ScalarDomain, dst: ScalarState, src: ScalarState, op: Bitwise, oldSigned: boolean): void {
  const before = { r64: dst.r64, r32: dst.r32 };
  const srcKnown = tnumIsConst(src.varOff), srcKnown32 = tnumSubregIsConst(src.varOff);
  dst.varOff = op === "and" ? tnumAnd(dst.varOff, src.varOff) : op === "or" ? tnumOr(dst.varOff, src.varOff) : tnumXor(dst.varOff, src.varOff);
  const t = dst.varOff, t32 = tnumSubreg(t);

  if (srcKnown32 && tnumSubregIsConst(t)) setKnown32(dst, t32.value);
  else {
    let lo = Number(t32.value), hi = Number(t32.value | t32.mask);
    if (op === "and") hi = Math.min(dst.r32.umax, src.r32.umax);
    if (op === "or") lo = Math.max(dst.r32.umin, src.r32.umin);
    if (oldSigned) {
      const neg = before.r32.smin < 0 || src.r32.smin < 0;
      const xorOk = op !== "xor" ? !neg : before.r32.smin >= 0 && src.r32.smin >= 0;
      dst.r32 = xorOk ? dom.both32(lo, hi, lo | 0, hi | 0) : dom.both32(lo, hi, S32_MIN_N, S32_MAX_N);
    } else dst.r32 = dom.fromU32(lo, hi);
  }
  if (srcKnown && tnumIsConst(t)) {
    setKnown(dst, t.value);
    return;
  }
  let lo = t.value, hi = t.value | t.mask;
  if (op === "and") hi = minB(dst.r64.umax, src.r64.umax);
  if (op === "or") lo = maxB(dst.r64.umin, src.r64.umin);
  if (oldSigned) {
    const ok = before.r64.smin >= 0n && src.r64.smin >= 0n;
    dst.r64 = ok ? dom.both64(lo, hi, BigInt.asIntN(64, lo), BigInt.asIntN(64, hi)) : dom.both64(lo, hi, S64_MIN, S64_MAX);
  } else dst.r64 = dom.fromU64(lo, hi);
  if (op !== "xor" || !dom.circular) dom.updateBounds(dst);
}

function lsh32(dom: ScalarDomain, dst: ScalarState, umin: number, umax: number): void {
  if (umax > 31 || dst.r32.umax > 2 ** (31 - umax)) dst.r32 = dom.fromU32(0, U32_MAX_N);
  else if (dom.circular) dst.r32 = dom.fromU32((dst.r32.umin << umin) >>> 0, (dst.r32.umax << umax) >>> 0);
  else dst.r32 = dom.both32((dst.r32.umin << umin) >>> 0, (dst.r32.umax << umax) >>> 0, S32_MIN_N, S32_MAX_N);
}
export function scalarLsh(dom: ScalarDomain, dst: ScalarState, src: ScalarState, alu32: boolean): void {
  if (alu32) {
    const { umin, umax } = src.r32;
    const sub = tnumSubreg(dst.varOff);
    lsh32(dom, dst, umin, umax);
    dst.varOff = tnumSubreg(tnumLshift(sub, BigInt(umin)));
    dst.r64 = R64_UNBOUNDED;
    dom.updateBounds32(dst);
    return;
  }
  const { umin, umax } = src.r64;
  let slo = S64_MIN, shi = S64_MAX;
  if (umin === 32n && umax === 32n) {
    if (dom.shl32Negative || dst.r32.smax >= 0) shi = BigInt(dst.r32.smax) << 32n;
    if (dom.shl32Negative || dst.r32.smin >= 0) slo = BigInt(dst.r32.smin) << 32n;
  }
  if (dst.r64.umax > 1n << (63n - umax)) dst.r64 = dom.both64(0n, U64_MAX, slo, shi);
  else dst.r64 = dom.both64(BigInt.asUintN(64, dst.r64.umin << umin), BigInt.asUintN(64, dst.r64.umax << umax), slo, shi);
  lsh32(dom, dst, Number(umin), Number(umax));
  dst.varOff = tnumLshift(dst.varOff, umin);
  dom.updateBounds(dst);
}
export function scalarRsh(dom: ScalarDomain, dst: ScalarState, src: ScalarState, alu32: boolean): void {
  if (alu32) {
    const { umin, umax } = src.r32;
    const lo = dst.r32.umin >>> umax, hi = dst.r32.umax >>> umin;
    dst.varOff = tnumRshift(tnumSubreg(dst.varOff), BigInt(umin));
    dst.r32 = dom.circular ? dom.fromU32(lo, hi) : dom.both32(lo, hi, S32_MIN_N, S32_MAX_N);
    dst.r64 = R64_UNBOUNDED;
    dom.updateBounds32(dst);
    return;
  }
  const { umin, umax } = src.r64;
  const lo = dst.r64.umin >> umax, hi = dst.r64.umax >> umin;
  dst.varOff = tnumRshift(dst.varOff, umin);
  dst.r64 = dom.circular ? dom.fromU64(lo, hi) : dom.both64(lo, hi, S64_MIN, S64_MAX);
  dst.r32 = R32_UNBOUNDED;
  dom.updateBounds(dst);
}
export function scalarArsh(dom: ScalarDomain, dst: ScalarState, src: ScalarState, alu32: boolean): void {
  if (alu32) {
    const n = src.r32.umin;
    const lo = dst.r32.smin >> n, hi = dst.r32.smax >> n;
    dst.r32 = dom.circular ? dom.fromS32(lo, hi) : dom.both32(0, U32_MAX_N, lo, hi);
    dst.varOff = tnumArshift(tnumSubreg(dst.varOff), BigInt(n), 32);
    dst.r64 = R64_UNBOUNDED;
    dom.updateBounds32(dst);
    return;
  }
  const n = src.r64.umin;
  const lo = dst.r64.smin >> n, hi = dst.r64.smax >> n;
  dst.r64 = dom.circular ? dom.fromS64(lo, hi) : dom.both64(0n, U64_MAX, lo, hi);
  dst.varOff = tnumArshift(dst.varOff, n, 64);
  dst.r32 = R32_UNBOUNDED;
  dom.updateBounds(dst);
}
/** @param swap the bytes change places (be on this machine, or bswap); `bits` is 16, 32 or 64 */
export function scalarByteSwap(dom: ScalarDomain, dst: ScalarState, swap: boolean, bits: number): void {
  if (swap) {
    dst.varOff = bits === 64 ? tnumBswap(dst.varOff, 64) : tnumBswap(tnumCast(dst.varOff, bits / 8), bits);
    setUnbounded(dst);
  }
  if (bits !== 64) coerceToSize(dom, dst, bits / 8);
}
export const isKnownZero = (s: ScalarState): boolean => s.varOff === tnumConst(0n) || (s.varOff.mask === 0n && s.varOff.value === 0n);
