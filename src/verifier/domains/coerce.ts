/** Truncation and sign extension of scalars (kernel coerce_reg_to_size, coerce_reg_to_size_sx, coerce_subreg_to_size_sx). */
import type { ScalarDomain, ScalarState } from "./bounds.ts";
import { combine64into32 } from "./branch-old.ts";
import { R32_UNBOUNDED, r32Const, r64Const } from "./range.ts";
import { TNUM_UNKNOWN, TNUM_UNKNOWN32, tnumCast, tnumConst, tnumIsConst, tnumRange, tnumSubreg } from "./tnum.ts";

/** Zero-extends the low `size` bytes (1, 2 or 4). */
export function coerceToSize(dom: ScalarDomain, s: ScalarState, size: number): void {
  s.varOff = tnumCast(s.varOff, size);
  const mask = (1n << BigInt(size * 8)) - 1n;
  const { umin, umax } = s.r64;
  const same = umin >> BigInt(size * 8) === umax >> BigInt(size * 8);
  s.r64 = same ? dom.fromU64(umin & mask, umax & mask) : dom.fromU64(0n, mask);
  if (!dom.coerceSyncs) {
    if (size < 4) combine64into32(dom, s);
    return;
  }
  if (size < 4) s.r32 = R32_UNBOUNDED;
  dom.sync(s);
}

/** Sign-extends the low `size` bytes (1, 2 or 4) to 64 bits. */
export function coerceToSizeSx(dom: ScalarDomain, s: ScalarState, size: number): void {
  const bits = size * 8;
  if (tnumIsConst(s.varOff)) {
    const v = BigInt.asIntN(bits, s.varOff.value);
    s.varOff = tnumConst(BigInt.asUintN(64, v));
    s.r64 = r64Const(v);
    s.r32 = r32Const(v);
    return;
  }
  if (BigInt.asUintN(64, s.r64.smax) >> BigInt(bits) === BigInt.asUintN(64, s.r64.smin) >> BigInt(bits)) {
    const a = BigInt.asIntN(bits, s.r64.smax), b = BigInt.asIntN(bits, s.r64.smin);
    const hi = a > b ? a : b, lo = a > b ? b : a;
    if (hi >= 0n === lo >= 0n) {
      s.r64 = dom.fromS64(lo, hi);
      s.r32 = dom.fromS32(Number(lo), Number(hi));
      s.varOff = tnumRange(BigInt.asUintN(64, lo), BigInt.asUintN(64, hi));
      return;
    }
  }
  const lim = 1n << BigInt(bits - 1);
  s.r64 = dom.fromS64(-lim, lim - 1n);
  s.r32 = dom.fromS32(Number(-lim), Number(lim - 1n));
  s.varOff = TNUM_UNKNOWN;
}

/** Sign-extends the low `size` bytes (1 or 2) within the low 32 bits; the caller zero-extends to 64. */
export function coerceSubregToSizeSx(dom: ScalarDomain, s: ScalarState, size: number): void {
  const bits = size * 8;
  const sx = (v: number): number => (size === 1 ? (v << 24) >> 24 : (v << 16) >> 16);
  if (tnumIsConst(s.varOff)) {
    const v = BigInt.asIntN(bits, s.varOff.value);
    s.varOff = tnumConst(BigInt.asUintN(64, v));
    s.r32 = r32Const(v);
    return;
  }
  if (s.r32.smax >>> bits === s.r32.smin >>> bits) {
    const a = sx(s.r32.smax), b = sx(s.r32.smin);
    const hi = Math.max(a, b), lo = Math.min(a, b);
    if (lo >= 0 === hi >= 0) {
      s.r32 = dom.fromS32(lo, hi);
      s.varOff = tnumSubreg(tnumRange(BigInt.asUintN(64, BigInt(lo)), BigInt.asUintN(64, BigInt(hi))));
      return;
    }
  }
  const lim = 2 ** (bits - 1);
  s.r32 = dom.fromS32(-lim, lim - 1);
  s.varOff = TNUM_UNKNOWN32;
}
