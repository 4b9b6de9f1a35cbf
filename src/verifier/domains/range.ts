/**
 * Ranges of a 64-bit value and of its low 32 bits. Both are immutable and always carry the four bounds that checks
 * read; on releases with circular numbers (`cnum`, kernel 7.1+ kernel/bpf/cnum_defs.h) they also carry the arc
 * [base, base+size] modulo 2^64 or 2^32 that the bounds were read off.
 *
 * 64-bit bounds are bigint (u* unsigned, s* signed), 32-bit bounds are plain numbers.
 */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";

export const U32_MAX_N = 0xffff_ffff;
export const S32_MAX_N = 0x7fff_ffff;
export const S32_MIN_N = -0x8000_0000;

export class Range64 {
  readonly umin: bigint;
  readonly umax: bigint;
  readonly smin: bigint;
  readonly smax: bigint;
  /** arc, only on releases with circular numbers */
  readonly base: bigint;
  readonly size: bigint;
  constructor(umin: bigint, umax: bigint, smin: bigint, smax: bigint, base: bigint, size: bigint) {
    this.umin = umin;
    this.umax = umax;
    this.smin = smin;
    this.smax = smax;
    this.base = base;
    this.size = size;
  }
}
export class Range32 {
  readonly umin: number;
  readonly umax: number;
  readonly smin: number;
  readonly smax: number;
  readonly base: number;
  readonly size: number;
  constructor(umin: number, umax: number, smin: number, smax: number, base: number, size: number) {
    this.umin = umin;
    this.umax = umax;
    this.smin = smin;
    this.smax = smax;
    this.base = base;
    this.size = size;
  }
}

export const R64_UNBOUNDED = new Range64(0n, U64_MAX, S64_MIN, S64_MAX, 0n, U64_MAX);
export const R32_UNBOUNDED = new Range32(0, U32_MAX_N, S32_MIN_N, S32_MAX_N, 0, U32_MAX_N);

const SMALL64: Range64[] = [];
const SMALL32: Range32[] = [];
for (let i = 0; i < 256; i++) {
  const b = BigInt(i);
  SMALL64.push(new Range64(b, b, b, b, b, 0n));
  SMALL32.push(new Range32(i, i, i, i, i, 0));
}

/** Exactly `v` (any bigint; wrapped to 64 bit). */
export function r64Const(v: bigint): Range64 {
  if (v >= 0n && v < 256n) return SMALL64[Number(v)]!;
  const uv = BigInt.asUintN(64, v);
  const sv = BigInt.asIntN(64, v);
  return new Range64(uv, uv, sv, sv, uv, 0n);
}
/** Exactly the low 32 bits of `v`. */
export function r32Const(v: bigint): Range32 {
  if (v >= 0n && v < 256n) return SMALL32[Number(v)]!;
  const uv = Number(BigInt.asUintN(32, v));
  const sv = uv | 0;
  return new Range32(uv, uv, sv, sv, uv, 0);
}

export const r64Equal = (a: Range64, b: Range64): boolean =>
  a === b || (a.umin === b.umin && a.umax === b.umax && a.smin === b.smin && a.smax === b.smax && a.base === b.base && a.size === b.size);
export const r32Equal = (a: Range32, b: Range32): boolean =>
  a === b || (a.umin === b.umin && a.umax === b.umax && a.smin === b.smin && a.smax === b.smax && a.base === b.base && a.size === b.size);
