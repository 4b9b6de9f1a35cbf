/**
 * Separate signed and unsigned bounds for 64 and 32 bits, with the deductions among them that a release makes
 * (kernels before circular numbers: reg_bounds_sync and what it calls; before 6.8 only the sign-bit deductions).
 */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import type { Kernel } from "../../kernel/types.ts";
import type { ScalarDomain, ScalarState } from "./bounds.ts";
import { R32_UNBOUNDED, R64_UNBOUNDED, Range32, Range64, r32Const, r64Const, S32_MAX_N, S32_MIN_N, U32_MAX_N } from "./range.ts";
import { cachedSync } from "./sync-cache.ts";
import { type Tnum, tnumClearSubreg, tnumConst, tnumIntersect, tnumOr, tnumRange, tnumSignedRange32, tnumSignedRange64, tnumSingleValue, tnumSubreg } from "./tnum.ts";

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const s64 = (v: bigint): bigint => BigInt.asIntN(64, v);
const lo32 = (v: bigint): number => Number(BigInt.asUintN(32, v));
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const HI = 0xffff_ffff_0000_0000n;

/** Working copy of all eight bounds. */
interface Bounds {
  umin: bigint; umax: bigint; smin: bigint; smax: bigint;
  u32min: number; u32max: number; s32min: number; s32max: number;
}
// Constants and unbounded ranges come from range.ts with an arc; one that is computed must be equal to them.
const r64 = (umin: bigint, umax: bigint, smin: bigint, smax: bigint): Range64 => {
  if (smin === smax && umin === umax && smin === BigInt.asIntN(64, umin)) return r64Const(umin);
  if (smin === S64_MIN && smax === S64_MAX && umin === 0n && umax === U64_MAX) return R64_UNBOUNDED;
  return new Range64(umin, umax, smin, smax, 0n, 0n);
};
const r32 = (umin: number, umax: number, smin: number, smax: number): Range32 => {
  if (smin === smax && umin === umax && smin === (umin | 0)) return r32Const(BigInt(umin));
  if (smin === S32_MIN_N && smax === S32_MAX_N && umin === 0 && umax === U32_MAX_N) return R32_UNBOUNDED;
  return new Range32(umin, umax, smin, smax, 0, 0);
};

function load(s: ScalarState): Bounds {
  const a = s.r64, b = s.r32;
  return { umin: a.umin, umax: a.umax, smin: a.smin, smax: a.smax, u32min: b.umin, u32max: b.umax, s32min: b.smin, s32max: b.smax };
}
function store(s: ScalarState, b: Bounds): void {
  const a = s.r64, c = s.r32;
  if (a.umin !== b.umin || a.umax !== b.umax || a.smin !== b.smin || a.smax !== b.smax) s.r64 = r64(b.umin, b.umax, b.smin, b.smax);
  if (c.umin !== b.u32min || c.umax !== b.u32max || c.smin !== b.s32min || c.smax !== b.s32max) s.r32 = r32(b.u32min, b.u32max, b.s32min, b.s32max);
}
function update32(b: Bounds, t0: Tnum): void {
  const [smin, smax] = tnumSignedRange32(t0);
  const t = tnumSubreg(t0);
  b.s32min = Math.max(b.s32min, smin);
  b.s32max = Math.min(b.s32max, smax);
  b.u32min = Math.max(b.u32min, Number(t.value));
  b.u32max = Math.min(b.u32max, Number(t.value | t.mask));
}
function update64(b: Bounds, t: Tnum): void {
  const [smin, smax] = tnumSignedRange64(t);
  b.smin = max(b.smin, smin);
  b.smax = min(b.smax, smax);
  b.umin = max(b.umin, t.value);
  b.umax = min(b.umax, t.value | t.mask);
}
/** Notices when the unsigned range and the known bits have a single value in common (kernel __update_reg64_bounds, __update_reg32_bounds, 7.1). */
function singleValue(b: Bounds, s: ScalarState): void {
  const v = b.umin > b.umax ? undefined : tnumSingleValue(s.varOff, b.umin, b.umax);
  if (v === undefined) return;
  s.varOff = tnumConst(v);
  b.umin = b.umax = v;
  b.smin = b.smax = s64(v);
  b.u32min = b.u32max = lo32(v);
  b.s32min = b.s32max = lo32(v) | 0;
}
function fold32(b: Bounds, lo: number, hi: number, signed: boolean): void {
  if (signed) {
    b.s32min = Math.max(b.s32min, lo | 0);
    b.s32max = Math.min(b.s32max, hi | 0);
  } else {
    b.u32min = Math.max(b.u32min, lo);
    b.u32max = Math.min(b.u32max, hi);
  }
}
/** Releases from 6.8: 32-bit bounds from 64-bit ones, then signed and unsigned from each other. */
function deduce32(b: Bounds, twoRanges: boolean): void {
  const uminLo = lo32(b.umin), umaxLo = lo32(b.umax), sminLo = lo32(b.smin), smaxLo = lo32(b.smax);
  if (b.umin >> 32n === b.umax >> 32n) {
    fold32(b, uminLo, umaxLo, false);
    if ((uminLo | 0) <= (umaxLo | 0)) fold32(b, uminLo, umaxLo, true);
  }
  if (b.smin >> 32n === b.smax >> 32n) {
    if (sminLo <= smaxLo) fold32(b, sminLo, smaxLo, false);
    if ((sminLo | 0) <= (smaxLo | 0)) fold32(b, sminLo, smaxLo, true);
  }
  if (((lo32(b.umin >> 32n) + 1) >>> 0) === lo32(b.umax >> 32n) && (uminLo | 0) < 0 && (umaxLo | 0) >= 0) fold32(b, uminLo, umaxLo, true);
  if (((lo32(b.smin >> 32n) + 1) >>> 0) === lo32(b.smax >> 32n) && (sminLo | 0) < 0 && (smaxLo | 0) >= 0) fold32(b, sminLo, smaxLo, true);
  if ((b.u32min | 0) <= (b.u32max | 0)) fold32(b, b.u32min, b.u32max, true);
  if (b.s32min >>> 0 <= b.s32max >>> 0) {
    b.u32min = Math.max(b.s32min >>> 0, b.u32min);
    b.u32max = Math.min(b.s32max >>> 0, b.u32max);
  } else if (twoRanges) {
    if (b.u32max < b.s32min >>> 0) {
      b.s32min = b.u32min | 0;
      b.u32max = Math.min(b.u32max, b.s32max >>> 0);
    } else if (b.s32max >>> 0 < b.u32min) {
      b.s32max = b.u32max | 0;
      b.u32min = Math.max(b.u32min, b.s32min >>> 0);
    }
  }
}
function deduce64(b: Bounds, twoRanges: boolean): void {
  if (s64(b.umin) <= s64(b.umax)) {
    b.smin = max(b.smin, s64(b.umin));
    b.smax = min(b.smax, s64(b.umax));
  }
  if (u64(b.smin) <= u64(b.smax)) {
    b.umin = max(u64(b.smin), b.umin);
    b.umax = min(u64(b.smax), b.umax);
  } else if (twoRanges) {
    if (b.umax < u64(b.smin)) {
      b.smin = s64(b.umin);
      b.umax = min(b.umax, u64(b.smax));
    } else if (u64(b.smax) < b.umin) {
      b.smax = s64(b.umax);
      b.umin = max(b.umin, u64(b.smin));
    }
  }
}
function mixOne(b: Bounds, lo: bigint, hi: bigint): void {
  b.umin = max(b.umin, (b.umin & HI) | lo);
  b.umax = min(b.umax, (b.umax & HI) | hi);
  b.smin = max(b.smin, s64((u64(b.smin) & HI) | lo));
  b.smax = min(b.smax, s64((u64(b.smax) & HI) | hi));
}
/** 64-bit bounds tightened by what the low half can be. */
function deduceMixed(b: Bounds, s: ScalarState, s32Range: boolean, keepTighter: boolean): void {
  mixOne(b, BigInt(b.u32min), BigInt(b.u32max));
  if (b.s32min >>> 0 <= b.s32max >>> 0) mixOne(b, BigInt(b.s32min >>> 0), BigInt(b.s32max >>> 0));
  if (s32Range && b.s32min >= 0 && b.smin >= -0x8000_0000n && b.smax <= 0x7fff_ffffn) {
    const smin = BigInt(b.s32min), smax = BigInt(b.s32max);
    b.smin = keepTighter ? max(b.smin, smin) : smin;
    b.smax = keepTighter ? min(b.smax, smax) : smax;
    b.umin = keepTighter ? max(b.umin, smin) : smin;
    b.umax = keepTighter ? min(b.umax, smax) : smax;
    s.varOff = tnumIntersect(s.varOff, tnumRange(b.smin, b.smax));
  }
}
/** Releases before 6.8: learn signed from unsigned bounds only where the sign is known. */
function deduceSign(b: Bounds): void {
  if (b.s32min >= 0 || b.s32max < 0) {
    b.s32min = Math.max(b.s32min >>> 0, b.u32min) | 0;
    b.u32min = b.s32min >>> 0;
    b.s32max = Math.min(b.s32max >>> 0, b.u32max) | 0;
    b.u32max = b.s32max >>> 0;
  } else if ((b.u32max | 0) >= 0) {
    b.s32min = b.u32min | 0;
    b.s32max = Math.min(b.s32max >>> 0, b.u32max) | 0;
    b.u32max = b.s32max >>> 0;
  } else if ((b.u32min | 0) < 0) {
    b.s32min = Math.max(b.s32min >>> 0, b.u32min) | 0;
    b.u32min = b.s32min >>> 0;
    b.s32max = b.u32max | 0;
  }
  if (b.smin >= 0n || b.smax < 0n) {
    b.umin = max(u64(b.smin), b.umin);
    b.smin = s64(b.umin);
    b.umax = min(u64(b.smax), b.umax);
    b.smax = s64(b.umax);
  } else if (s64(b.umax) >= 0n) {
    b.smin = s64(b.umin);
    b.umax = min(u64(b.smax), b.umax);
    b.smax = s64(b.umax);
  } else if (s64(b.umin) < 0n) {
    b.umin = max(u64(b.smin), b.umin);
    b.smin = s64(b.umin);
    b.smax = s64(b.umax);
  }
}
/** @param from64 the low half takes over what the 64-bit bounds told (6.0+) */
function boundOffset(s: ScalarState, b: Bounds, from64: boolean): void {
  const v64 = tnumIntersect(s.varOff, tnumRange(b.umin, b.umax));
  const v32 = tnumIntersect(tnumSubreg(from64 ? v64 : s.varOff), tnumRange(BigInt(b.u32min), BigInt(b.u32max)));
  s.varOff = tnumOr(tnumClearSubreg(v64), v32);
}
const violated = (s: ScalarState): boolean =>
  s.r64.umin > s.r64.umax || s.r64.smin > s.r64.smax || s.r32.umin > s.r32.umax || s.r32.smin > s.r32.smax;

/** @param kernel decides the deductions: cross_deduce_bounds (6.8), deduce_two_ranges, deduce_s32_range. */
export function classicDomain(kernel: Kernel, mulTnum: (a: Tnum, b: Tnum) => Tnum): ScalarDomain {
  const cross = kernel.has("cross_deduce_bounds");
  const from64 = kernel.has("bound_offset_low_half");
  const two = kernel.has("deduce_two_ranges");
  const two32 = kernel.has("deduce_two_ranges_32");
  const s32Range = kernel.has("deduce_s32_range");
  const keepTighter = kernel.has("s32_range_keeps_tighter");
  const single = kernel.has("tnum_single_value");
  const passes = kernel.has("deduce_three_passes") ? 3 : 2;

  const fromU64 = (umin: bigint, umax: bigint): Range64 =>
    s64(umin) <= s64(umax) ? r64(umin, umax, s64(umin), s64(umax)) : r64(umin, umax, S64_MIN, S64_MAX);
  const fromS64 = (smin: bigint, smax: bigint): Range64 =>
    u64(smin) <= u64(smax) ? r64(u64(smin), u64(smax), smin, smax) : r64(0n, U64_MAX, smin, smax);
  const fromU32 = (umin: number, umax: number): Range32 =>
    (umin | 0) <= (umax | 0) ? r32(umin, umax, umin | 0, umax | 0) : r32(umin, umax, S32_MIN_N, S32_MAX_N);
  const fromS32 = (smin: number, smax: number): Range32 =>
    smin >>> 0 <= smax >>> 0 ? r32(smin >>> 0, smax >>> 0, smin, smax) : r32(0, U32_MAX_N, smin, smax);

  const deduceAll = cachedSync((s) => {
    const b = load(s);
    update32(b, s.varOff);
    update64(b, s.varOff);
    if (single) singleValue(b, s);
    if (cross) {
      for (let i = 0; i < passes; i++) {
        deduce32(b, two32);
        deduce64(b, two);
        deduceMixed(b, s, s32Range, keepTighter);
      }
    } else deduceSign(b);
    boundOffset(s, b, from64);
    update32(b, s.varOff);
    update64(b, s.varOff);
    if (single) singleValue(b, s);
    store(s, b);
  });
  return {
    circular: false,
    coerceSyncs: kernel.has("coerce_syncs"),
    shl32Negative: kernel.has("shl32_negative"),
    fromU64,
    fromS64,
    fromU32,
    fromS32,
    both64: r64,
    both32: r32,
    add64(a, b) {
      let umin = a.umin + b.umin, umax = a.umax + b.umax, smin = a.smin + b.smin, smax = a.smax + b.smax;
      if (smin < S64_MIN || smin > S64_MAX || smax < S64_MIN || smax > S64_MAX) { smin = S64_MIN; smax = S64_MAX; }
      const over = (umin > U64_MAX ? 1 : 0) + (umax > U64_MAX ? 1 : 0);
      if (over === 2 && kernel.has("add_both_overflow")) { umin = u64(umin); umax = u64(umax); }
      else if (over > 0) { umin = 0n; umax = U64_MAX; }
      return r64(umin, umax, smin, smax);
    },
    add32(a, b) {
      let umin = a.umin + b.umin, umax = a.umax + b.umax, smin = a.smin + b.smin, smax = a.smax + b.smax;
      if (smin < S32_MIN_N || smin > S32_MAX_N || smax < S32_MIN_N || smax > S32_MAX_N) { smin = S32_MIN_N; smax = S32_MAX_N; }
      const over = (umin > U32_MAX_N ? 1 : 0) + (umax > U32_MAX_N ? 1 : 0);
      if (over === 2 && kernel.has("add_both_overflow")) { umin >>>= 0; umax >>>= 0; }
      else if (over > 0) { umin = 0; umax = U32_MAX_N; }
      return r32(umin, umax, smin, smax);
    },
    sub64(a, b) {
      let smin = a.smin - b.smax, smax = a.smax - b.smin, umin = a.umin - b.umax, umax = a.umax - b.umin;
      if (smin < S64_MIN || smin > S64_MAX || smax < S64_MIN || smax > S64_MAX) { smin = S64_MIN; smax = S64_MAX; }
      if (umin < 0n) {
        if (umax < 0n && kernel.has("add_both_overflow")) { umin = u64(umin); umax = u64(umax); }
        else { umin = 0n; umax = U64_MAX; }
      }
      return r64(umin, umax, smin, smax);
    },
    sub32(a, b) {
      let smin = a.smin - b.smax, smax = a.smax - b.smin, umin = a.umin - b.umax, umax = a.umax - b.umin;
      if (smin < S32_MIN_N || smin > S32_MAX_N || smax < S32_MIN_N || smax > S32_MAX_N) { smin = S32_MIN_N; smax = S32_MAX_N; }
      if (umin < 0) {
        if (umax < 0 && kernel.has("add_both_overflow")) { umin >>>= 0; umax >>>= 0; }
        else { umin = 0; umax = U32_MAX_N; }
      }
      return r32(umin, umax, smin, smax);
    },
    intersect64: (a, b) => r64(max(a.umin, b.umin), min(a.umax, b.umax), max(a.smin, b.smin), min(a.smax, b.smax)),
    intersect32: (a, b) => r32(Math.max(a.umin, b.umin), Math.min(a.umax, b.umax), Math.max(a.smin, b.smin), Math.min(a.smax, b.smax)),
    updateBounds(s) {
      const b = load(s);
      update32(b, s.varOff);
      update64(b, s.varOff);
      if (single) singleValue(b, s);
      store(s, b);
    },
    updateBounds32(s) {
      const b = load(s);
      update32(b, s.varOff);
      store(s, b);
    },
    sync(s) {
      if (s.varOff.mask === 0n && s.r64.umin === s.varOff.value && s.r64.umax === s.r64.umin && s.r64.smin === s.r64.smax && s.r32.umin === s.r32.umax && s.r32.smin === s.r32.smax && s.r32.umin === lo32(s.varOff.value)) return;
      if (s.r64 === R64_UNBOUNDED && s.r32 === R32_UNBOUNDED && s.varOff.mask === U64_MAX) return;
      deduceAll(s);
    },
    violated,
    within: (o, c) =>
      o.r64.umin <= c.r64.umin && o.r64.umax >= c.r64.umax && o.r64.smin <= c.r64.smin && o.r64.smax >= c.r64.smax &&
      o.r32.umin <= c.r32.umin && o.r32.umax >= c.r32.umax && o.r32.smin <= c.r32.smin && o.r32.smax >= c.r32.smax,
    mulTnum,
  };
}
