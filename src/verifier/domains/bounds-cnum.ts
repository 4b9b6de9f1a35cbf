/** Circular numbers as the scalar domain (kernel 7.x, "circular_ranges"). */
import {
  c32Add, c32FromC64, c32FromS, c32FromU, c32Intersect, c32IsSubset, c32Negate, c64Add, c64FromS, c64FromU, c64Intersect,
  c64IntersectC32, c64IsSubset, c64Negate, cnumIsEmpty,
} from "./cnum.ts";
import { U64_MAX } from "../../base/u64.ts";
import type { ScalarDomain, ScalarState } from "./bounds.ts";
import { type Range32, type Range64, R32_UNBOUNDED, R64_UNBOUNDED, r32Const, r64Const } from "./range.ts";
import { cachedSync } from "./sync-cache.ts";
import {
  type Tnum, tnumClearSubreg, tnumConst, tnumIntersect, tnumOr, tnumRange, tnumSignedRange32, tnumSignedRange64, tnumSingleValue, tnumSubreg,
} from "./tnum.ts";

const S32_BIT = 0x8000_0000n;
const S64_BIT = 0x8000_0000_0000_0000n;

function r64FromTnum(t: Tnum): Range64 {
  if (((t.mask | t.value) & S64_BIT) !== 0n) {
    const [lo, hi] = tnumSignedRange64(t);
    return c64FromS(lo, hi);
  }
  return c64FromU(t.value, t.value | t.mask);
}
function r32FromTnum(t0: Tnum): Range32 {
  const t = tnumSubreg(t0);
  if (((t.mask | t.value) & S32_BIT) !== 0n) {
    const [lo, hi] = tnumSignedRange32(t);
    return c32FromS(lo, hi);
  }
  return c32FromU(Number(t.value), Number(t.value | t.mask));
}
function update32(s: ScalarState): void {
  s.r32 = c32Intersect(s.r32, r32FromTnum(s.varOff));
}
function known(s: ScalarState, v: bigint): void {
  s.varOff = tnumConst(v);
  s.r64 = r64Const(v);
  s.r32 = r32Const(v);
}
/** Also notices when range and known bits have a single value in common (kernel __update_reg64_bounds). */
function update64(s: ScalarState): void {
  s.r64 = c64Intersect(s.r64, r64FromTnum(s.varOff));
  const v = tnumSingleValue(s.varOff, s.r64.umin, s.r64.umax);
  if (v !== undefined) known(s, v);
}
function update(s: ScalarState): void {
  update32(s);
  update64(s);
}
function deduce(s: ScalarState): void {
  s.r32 = c32Intersect(s.r32, c32FromC64(s.r64));
  s.r64 = c64IntersectC32(s.r64, s.r32);
}
function boundOffset(s: ScalarState): void {
  const v64 = tnumIntersect(s.varOff, tnumRange(s.r64.umin, s.r64.umax));
  const v32 = tnumIntersect(tnumSubreg(v64), tnumRange(BigInt(s.r32.umin), BigInt(s.r32.umax)));
  s.varOff = tnumOr(tnumClearSubreg(v64), v32);
}
const violated = (s: ScalarState): boolean => cnumIsEmpty(s.r64, s.r32);

export function cnumDomain(mulTnum: (a: Tnum, b: Tnum) => Tnum): ScalarDomain {
  const deduceAll = cachedSync((s) => {
    if (violated(s)) return;
    update(s);
    deduce(s);
    deduce(s);
    boundOffset(s);
    update(s);
  });
  return {
    circular: true,
    coerceSyncs: true,
    shl32Negative: true,
    fromU64: c64FromU,
    fromS64: c64FromS,
    fromU32: c32FromU,
    fromS32: c32FromS,
    both64: (umin, umax, smin, smax) => c64Intersect(c64FromU(umin, umax), c64FromS(smin, smax)),
    both32: (umin, umax, smin, smax) => c32Intersect(c32FromU(umin, umax), c32FromS(smin, smax)),
    add64: c64Add,
    add32: c32Add,
    sub64: (a, b) => c64Add(a, c64Negate(b)),
    sub32: (a, b) => c32Add(a, c32Negate(b)),
    intersect64: c64Intersect,
    intersect32: c32Intersect,
    updateBounds: update,
    updateBounds32: update32,
    sync(s) {
      if (s.varOff.mask === 0n && s.r64.size === 0n && s.r32.size === 0 && s.r64.base === s.varOff.value && BigInt(s.r32.base) === (s.varOff.value & 0xffff_ffffn)) return;
      if (s.r64 === R64_UNBOUNDED && s.r32 === R32_UNBOUNDED && s.varOff.mask === U64_MAX) return;
      // A known number within both arcs: every deduction ends at it. One outside has to be walked to see how it fails.
      if (s.varOff.mask === 0n && !violated(s)) {
        const v = s.varOff.value;
        if (c64IsSubset(s.r64, r64Const(v)) && c32IsSubset(s.r32, r32Const(v & 0xffff_ffffn))) {
          known(s, v);
          return;
        }
      }
      deduceAll(s);
    },
    violated,
    within: (old, cur) => c64IsSubset(old.r64, cur.r64) && c32IsSubset(old.r32, cur.r32),
    mulTnum,
  };
}
