/**
 * The scalar domain as a strategy: how bounds are kept, synchronised with each other and with the known bits.
 * A verification chooses one `ScalarDomain` for its kernel (`scalarDomain`); checks only call this interface.
 */
import { U64_MAX } from "../../base/u64.ts";
import type { Kernel } from "../../kernel/types.ts";
import { classicDomain } from "./bounds-classic.ts";
import { cnumDomain } from "./bounds-cnum.ts";
import { type Range32, type Range64, R32_UNBOUNDED, R64_UNBOUNDED, r32Const, r64Const } from "./range.ts";
import { tnumConst, tnumConstSubreg, type Tnum, TNUM_UNKNOWN, tnumMulHma, tnumMulSplit, tnumMulUnion, tnumSubreg } from "./tnum.ts";

/** What is known of a scalar, or of the variable part of a pointer. The three values are immutable, the holder is not. */
export interface ScalarState {
  varOff: Tnum;
  r64: Range64;
  r32: Range32;
}

export interface ScalarDomain {
  /** circular numbers: one arc per width */
  readonly circular: boolean;
  /** a truncated value deduces all its bounds anew; before 6.8 only the low half's, and only where bytes or halves are loaded */
  readonly coerceSyncs: boolean;
  /** a shift by 32 keeps negative bounds of the low half, too */
  readonly shl32Negative: boolean;
  /** a range given by its unsigned bounds; signed ones follow where they can */
  fromU64(min: bigint, max: bigint): Range64;
  fromS64(min: bigint, max: bigint): Range64;
  fromU32(min: number, max: number): Range32;
  fromS32(min: number, max: number): Range32;
  /** a range given by all four bounds (classic) or by what both say (circular) */
  both64(umin: bigint, umax: bigint, smin: bigint, smax: bigint): Range64;
  both32(umin: number, umax: number, smin: number, smax: number): Range32;
  add64(a: Range64, b: Range64): Range64;
  add32(a: Range32, b: Range32): Range32;
  sub64(a: Range64, b: Range64): Range64;
  sub32(a: Range32, b: Range32): Range32;
  intersect64(a: Range64, b: Range64): Range64;
  intersect32(a: Range32, b: Range32): Range32;
  /** kernel __update_reg_bounds: what the known bits say about the bounds */
  updateBounds(s: ScalarState): void;
  updateBounds32(s: ScalarState): void;
  /** kernel reg_bounds_sync */
  sync(s: ScalarState): void;
  /** bounds that no value satisfies */
  violated(s: ScalarState): boolean;
  /** is every value of cur within old? (kernel range_within) */
  within(old: ScalarState, cur: ScalarState): boolean;
  mulTnum(a: Tnum, b: Tnum): Tnum;
}

/** The domain of a release; `kernel.has` decides. */
export function scalarDomain(kernel: Kernel): ScalarDomain {
  const mul = kernel.has("tnum_mul_union") ? tnumMulUnion : kernel.has("tnum_mul_split") ? tnumMulSplit : tnumMulHma;
  return kernel.has("circular_ranges") ? cnumDomain(mul) : classicDomain(kernel, mul);
}

/** Sets the value and both ranges to a constant (kernel ___mark_reg_known). */
export function setKnown(s: ScalarState, v: bigint): void {
  s.varOff = tnumConst(BigInt.asUintN(64, v));
  s.r64 = r64Const(v);
  s.r32 = r32Const(v);
}
/** Fixes the low half to a constant (kernel __mark_reg32_known). */
export function setKnown32(s: ScalarState, v: bigint): void {
  s.varOff = tnumConstSubreg(s.varOff, v);
  s.r32 = r32Const(v);
}
export function setUnbounded(s: ScalarState): void {
  s.r64 = R64_UNBOUNDED;
  s.r32 = R32_UNBOUNDED;
}
export function setUnknown(s: ScalarState): void {
  s.varOff = TNUM_UNKNOWN;
  s.r64 = R64_UNBOUNDED;
  s.r32 = R32_UNBOUNDED;
}
/** A 32-bit result in a 64-bit register: the upper half is zero (kernel zext_32_to_64). */
export function zext32to64(dom: ScalarDomain, s: ScalarState): void {
  s.varOff = tnumSubreg(s.varOff);
  s.r64 = dom.circular
    ? dom.fromU64(BigInt(s.r32.umin), BigInt(s.r32.umax))
    : zextClassic(dom, s.r32);
}
function zextClassic(dom: ScalarDomain, r: Range32): Range64 {
  // Signed 64-bit bounds are the 32-bit ones where those are known non-negative, else the worst case [0, U32_MAX].
  const umin = BigInt(r.umin), umax = BigInt(r.umax);
  return r.smin >= 0 ? dom.both64(umin, umax, BigInt(r.smin), BigInt(r.smax)) : dom.both64(umin, umax, 0n, 0xffff_ffffn);
}
export const WHOLE_U64: readonly [bigint, bigint] = [0n, U64_MAX];
