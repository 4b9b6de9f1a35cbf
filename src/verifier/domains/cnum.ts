/**
 * Circular numbers: an arc of the ring modulo 2^64 or 2^32, as base and size (kernel 7.x kernel/bpf/cnum.c,
 * cnum_defs.h). One arc stands for what earlier releases kept as separate signed and unsigned bounds.
 * The empty arc is base = size = all ones.
 */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import { R32_UNBOUNDED, R64_UNBOUNDED, r32Const, r64Const, Range32, Range64, S32_MAX_N, S32_MIN_N, U32_MAX_N } from "./range.ts";

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const s64 = (v: bigint): bigint => BigInt.asIntN(64, v);

function make64(base: bigint, size: bigint): Range64 {
  if (size === 0n) return r64Const(base);
  if (size === U64_MAX) {
    if (base === 0n) return R64_UNBOUNDED;
    if (base === U64_MAX) return C64_EMPTY;
    return new Range64(0n, U64_MAX, S64_MIN, S64_MAX, base, size);
  }
  const wraps = size > U64_MAX - base;
  const end = wraps ? u64(base + size) : base + size;
  const sb = s64(base), se = s64(end);
  // the arc runs over the signed wrap exactly when its signed end lies below its signed base
  const swraps = se < sb;
  return new Range64(wraps ? 0n : base, wraps ? U64_MAX : end, swraps ? S64_MIN : sb, swraps ? S64_MAX : se, base, size);
}
function make32(base: number, size: number): Range32 {
  if (size === U32_MAX_N) {
    if (base === 0) return R32_UNBOUNDED;
    if (base === U32_MAX_N) return C32_EMPTY;
    return new Range32(0, U32_MAX_N, S32_MIN_N, S32_MAX_N, base, size);
  }
  const wraps = base + size > U32_MAX_N;
  const end = (base + size) >>> 0;
  const sb = base | 0, se = end | 0;
  const swraps = se < sb;
  return new Range32(wraps ? 0 : base, wraps ? U32_MAX_N : end, swraps ? S32_MIN_N : sb, swraps ? S32_MAX_N : se, base, size);
}

export const C64_EMPTY = new Range64(0n, U64_MAX, -2n, -1n, U64_MAX, U64_MAX);
export const C32_EMPTY = new Range32(0, U32_MAX_N, -2, -1, U32_MAX_N, U32_MAX_N);
const empty64 = (a: Range64): boolean => a.size === U64_MAX && a.base === U64_MAX;
const empty32 = (a: Range32): boolean => a.size === U32_MAX_N && a.base === U32_MAX_N;
export const cnumIsEmpty = (r64: Range64, r32: Range32): boolean => empty64(r64) || empty32(r32);

export function c64(base: bigint, size: bigint): Range64 {
  return make64(u64(base), u64(size));
}
export function c32(base: number, size: number): Range32 {
  return make32(base >>> 0, size >>> 0);
}
export function c64FromU(min: bigint, max: bigint): Range64 {
  return make64(u64(min), u64(max - min));
}
export function c64FromS(min: bigint, max: bigint): Range64 {
  const size = u64(max - min);
  return make64(size === U64_MAX ? 0n : u64(min), size);
}
export function c32FromU(min: number, max: number): Range32 {
  return make32(min >>> 0, (max - min) >>> 0);
}
export function c32FromS(min: number, max: number): Range32 {
  const size = (max - min) >>> 0;
  return make32(size === U32_MAX_N ? 0 : min >>> 0, size);
}

/** Intersection; where two arcs meet in two pieces, the smaller of the two arcs (an over-approximation). */
export function c64Intersect(a0: Range64, b0: Range64): Range64 {
  if (empty64(a0) || empty64(b0)) return C64_EMPTY;
  let a = a0, b = b0;
  if (a.base > b.base) { a = b0; b = a0; }
  const d = b.base - a.base;
  if (b.size > U64_MAX - d) {
    if (d <= a.size) return a.size <= b.size ? a : b;
    const tail = u64(d + b.size);
    return make64(a.base, a.size < tail ? a.size : tail);
  }
  if (a.size >= d) {
    const rest = a.size - d;
    return make64(b.base, rest < b.size ? rest : b.size);
  }
  return C64_EMPTY;
}
export function c32Intersect(a0: Range32, b0: Range32): Range32 {
  if (empty32(a0) || empty32(b0)) return C32_EMPTY;
  let a = a0, b = b0;
  if (a.base > b.base) { a = b0; b = a0; }
  const d = b.base - a.base;
  if (b.size > U32_MAX_N - d) {
    if (d <= a.size) return a.size <= b.size ? a : b;
    return make32(a.base, Math.min(a.size, (d + b.size) >>> 0));
  }
  if (a.size >= d) return make32(b.base, Math.min(a.size - d, b.size));
  return C32_EMPTY;
}
function norm64(base: bigint, size: bigint): Range64 {
  if (size === U64_MAX && base !== 0n && base !== S64_MAX) return R64_UNBOUNDED;
  return make64(base, size);
}
function norm32(base: number, size: number): Range32 {
  if (size === U32_MAX_N && base !== 0 && base !== S32_MAX_N) return R32_UNBOUNDED;
  return make32(base, size);
}
export function c64Add(a: Range64, b: Range64): Range64 {
  if (empty64(a) || empty64(b)) return C64_EMPTY;
  if (a.size > U64_MAX - b.size) return R64_UNBOUNDED;
  return norm64(u64(a.base + b.base), a.size + b.size);
}
export function c32Add(a: Range32, b: Range32): Range32 {
  if (empty32(a) || empty32(b)) return C32_EMPTY;
  if (a.size > U32_MAX_N - b.size) return R32_UNBOUNDED;
  return norm32((a.base + b.base) >>> 0, a.size + b.size);
}
export function c64Negate(a: Range64): Range64 {
  return empty64(a) ? a : norm64(u64(-(a.base + a.size)), a.size);
}
export function c32Negate(a: Range32): Range32 {
  return empty32(a) ? a : norm32(-(a.base + a.size) >>> 0, a.size);
}
export function c64IsSubset(bigger: Range64, smaller: Range64): boolean {
  if (bigger === smaller || empty64(smaller)) return true;
  if (empty64(bigger)) return false;
  const base = u64(smaller.base - bigger.base);
  if (smaller.size > U64_MAX - base && bigger.size < U64_MAX) return false;
  return u64(base + smaller.size) <= bigger.size;
}
export function c32IsSubset(bigger: Range32, smaller: Range32): boolean {
  if (bigger === smaller || empty32(smaller)) return true;
  if (empty32(bigger)) return false;
  const base = (smaller.base - bigger.base) >>> 0;
  if (smaller.size > U32_MAX_N - base && bigger.size < U32_MAX_N) return false;
  return ((base + smaller.size) >>> 0) <= bigger.size;
}
/** What the low half can be, given the whole. */
export function c32FromC64(a: Range64): Range32 {
  if (empty64(a)) return C32_EMPTY;
  if (a.size >= 0xffff_ffffn) return R32_UNBOUNDED;
  return make32(Number(a.base & 0xffff_ffffn), Number(a.size));
}
/** The part of arc `a` whose ends have a low half inside `b`. */
export function c64IntersectC32(a: Range64, b: Range32): Range64 {
  if (empty64(a) || empty32(b)) return C64_EMPTY;
  const abase32 = Number(a.base & 0xffff_ffffn);
  const b1base = (b.base - abase32) >>> 0;
  const asize32 = Number(a.size & 0xffff_ffffn);
  if (b.size > U32_MAX_N - b1base) {
    const b1max = (b1base + b.size) >>> 0;
    if (asize32 > b1max && asize32 < b1base) return make64(a.base, a.size - BigInt(asize32 - b1max));
    return a;
  }
  if (a.size < BigInt(b1base)) return C64_EMPTY;
  const base = u64(a.base + BigInt(b1base));
  const size = a.size - BigInt(b1base);
  const b1max = b1base + b.size;
  let d = 0n;
  if (asize32 < b1base) d = BigInt(asize32) + (0x1_0000_0000n - BigInt(b1max));
  else if (asize32 >= b1max) d = BigInt(asize32 - b1max);
  if (size < d) return C64_EMPTY;
  return make64(base, size - d);
}
