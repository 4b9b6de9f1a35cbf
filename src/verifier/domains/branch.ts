/** Conditional jumps over two scalars: which way, and what each side learns (kernel is_scalar_branch_taken, regs_refine_cond_op). */
import { S64_MAX, S64_MIN, U64_MAX } from "../../base/u64.ts";
import { c32, c64 } from "./cnum.ts";
import { type ScalarDomain, type ScalarState, setUnbounded } from "./bounds.ts";
import { S32_MAX_N, S32_MIN_N, U32_MAX_N } from "./range.ts";
import {
  type Tnum, tnumAnd, tnumConst, tnumIntersect, tnumIsConst, tnumOr, tnumOverlap, tnumSubreg, tnumSubregIsConst, tnumWithSubreg,
} from "./tnum.ts";

export const BPF_JEQ = 0x10, BPF_JGT = 0x20, BPF_JGE = 0x30, BPF_JSET = 0x40, BPF_JNE = 0x50, BPF_JSGT = 0x60, BPF_JSGE = 0x70;
export const BPF_JLT = 0xa0, BPF_JLE = 0xb0, BPF_JSLT = 0xc0, BPF_JSLE = 0xd0;
/** "not JSET": has no opcode of its own, the kernel marks it with BPF_X */
export const NOT_JSET = BPF_JSET | 0x08;

/** "a op b" as "b op' a". */
export function flipOpcode(op: number): number {
  switch (op) {
    case BPF_JGE: return BPF_JLE;
    case BPF_JGT: return BPF_JLT;
    case BPF_JLE: return BPF_JGE;
    case BPF_JLT: return BPF_JGT;
    case BPF_JSGE: return BPF_JSLE;
    case BPF_JSGT: return BPF_JSLT;
    case BPF_JSLE: return BPF_JSGE;
    case BPF_JSLT: return BPF_JSGT;
    default: return op;
  }
}
/** The condition that holds where `op` does not. */
export function revOpcode(op: number): number {
  switch (op) {
    case BPF_JEQ: return BPF_JNE;
    case BPF_JNE: return BPF_JEQ;
    case BPF_JSET: return NOT_JSET;
    case NOT_JSET: return BPF_JSET;
    case BPF_JGE: return BPF_JLT;
    case BPF_JGT: return BPF_JLE;
    case BPF_JLE: return BPF_JGT;
    case BPF_JLT: return BPF_JGE;
    case BPF_JSGE: return BPF_JSLT;
    case BPF_JSGT: return BPF_JSLE;
    case BPF_JSLE: return BPF_JSGT;
    case BPF_JSLT: return BPF_JSGE;
    default: return 0;
  }
}
const isConst = (s: ScalarState, is32: boolean): boolean => (is32 ? tnumSubregIsConst(s.varOff) : tnumIsConst(s.varOff));
const constVal = (s: ScalarState, is32: boolean): bigint => (is32 ? s.varOff.value & 0xffff_ffffn : s.varOff.value);

/** 1: always, 0: never, -1: both ways possible. `overlap`: the release compares known bits (tnum_overlap). */
export function scalarBranchTaken(a: ScalarState, b: ScalarState, op: number, is32: boolean, overlap = true): -1 | 0 | 1 {
  const t1 = is32 ? tnumSubreg(a.varOff) : a.varOff;
  const t2 = is32 ? tnumSubreg(b.varOff) : b.varOff;
  const x = is32 ? a.r32 : a.r64, y = is32 ? b.r32 : b.r64;
  switch (op) {
    case BPF_JEQ:
    case BPF_JNE: {
      const differ: 0 | 1 = op === BPF_JEQ ? 0 : 1;
      if (tnumIsConst(t1) && tnumIsConst(t2)) return (t1.value === t2.value) === (op === BPF_JEQ) ? 1 : 0;
      if ((overlap || tnumIsConst(t1) || tnumIsConst(t2)) && !tnumOverlap(t1, t2)) return differ;
      if (x.umin > y.umax || x.umax < y.umin || x.smin > y.smax || x.smax < y.smin) return differ;
      if (!is32) {
        const p = a.r32, q = b.r32;
        if (p.umin > q.umax || p.umax < q.umin || p.smin > q.smax || p.smax < q.smin) return differ;
      }
      return -1;
    }
    case BPF_JSET: {
      let p = t1, q = t2;
      if (!isConst(b, is32)) { p = t2; q = t1; }
      if (!tnumIsConst(q)) return -1;
      if ((~p.mask & p.value & q.value) !== 0n) return 1;
      if (((p.mask | p.value) & q.value) === 0n) return 0;
      return -1;
    }
    case BPF_JGT: return x.umin > y.umax ? 1 : x.umax <= y.umin ? 0 : -1;
    case BPF_JSGT: return x.smin > y.smax ? 1 : x.smax <= y.smin ? 0 : -1;
    case BPF_JLT: return x.umax < y.umin ? 1 : x.umin >= y.umax ? 0 : -1;
    case BPF_JSLT: return x.smax < y.smin ? 1 : x.smin >= y.smax ? 0 : -1;
    case BPF_JGE: return x.umin >= y.umax ? 1 : x.umax < y.umin ? 0 : -1;
    case BPF_JSGE: return x.smin >= y.smax ? 1 : x.smax < y.smin ? 0 : -1;
    case BPF_JLE: return x.umax <= y.umin ? 1 : x.umin > y.umax ? 0 : -1;
    case BPF_JSLE: return x.smax <= y.smin ? 1 : x.smin > y.smax ? 0 : -1;
  }
  return -1;
}
/** The same register on both sides (7.x). */
export function sameRegBranchTaken(a: ScalarState, op: number, is32: boolean): -1 | 0 | 1 {
  const t = is32 ? tnumSubreg(a.varOff) : a.varOff;
  const x = is32 ? a.r32 : a.r64;
  switch (op) {
    case BPF_JGE: case BPF_JLE: case BPF_JSGE: case BPF_JSLE: case BPF_JEQ: return 1;
    case BPF_JGT: case BPF_JLT: case BPF_JSGT: case BPF_JSLT: case BPF_JNE: return 0;
    case BPF_JSET:
      if (tnumIsConst(t)) return t.value !== 0n ? 1 : 0;
      return x.smin <= 0 && x.smax >= 0 ? -1 : 1;
  }
  return -1;
}

export function isPow2(v: bigint): boolean {
  return v !== 0n && (v & (v - 1n)) === 0n;
}
/**
 * What `a op b` being true says about both; both are changed in place and not synchronised.
 * Circular releases intersect arcs, classic ones move single bounds.
 */
export function refineCond(dom: ScalarDomain, a0: ScalarState, b0: ScalarState, op0: number, is32: boolean): void {
  let a = a0, b = b0, op = op0;
  if (op === BPF_JGE || op === BPF_JGT || op === BPF_JSGE || op === BPF_JSGT) {
    op = flipOpcode(op);
    [a, b] = [b, a];
  }
  switch (op) {
    case BPF_JEQ:
      if (is32) {
        a.r32 = dom.intersect32(a.r32, b.r32);
        b.r32 = a.r32;
        const t: Tnum = tnumIntersect(tnumSubreg(a.varOff), tnumSubreg(b.varOff));
        a.varOff = tnumWithSubreg(a.varOff, t);
        b.varOff = tnumWithSubreg(b.varOff, t);
      } else {
        a.r64 = dom.intersect64(a.r64, b.r64);
        b.r64 = a.r64;
        a.varOff = tnumIntersect(a.varOff, b.varOff);
        b.varOff = a.varOff;
      }
      return;
    case BPF_JNE: {
      if (!isConst(b, is32)) [a, b] = [b, a];
      if (!isConst(b, is32)) return;
      const v = constVal(b, is32);
      if (dom.circular) {
        if (is32) a.r32 = dom.intersect32(a.r32, c32(Number(v) + 1, U32_MAX_N - 1));
        else a.r64 = dom.intersect64(a.r64, c64(v + 1n, U64_MAX - 1n));
        return;
      }
      if (is32) {
        const r = a.r32, uv = Number(v), sv = uv | 0;
        a.r32 = dom.both32(r.umin === uv ? r.umin + 1 : r.umin, r.umax === uv ? r.umax - 1 : r.umax, r.smin === sv ? r.smin + 1 : r.smin, r.smax === sv ? r.smax - 1 : r.smax);
      } else {
        const r = a.r64, sv = BigInt.asIntN(64, v);
        a.r64 = dom.both64(r.umin === v ? r.umin + 1n : r.umin, r.umax === v ? r.umax - 1n : r.umax, r.smin === sv ? r.smin + 1n : r.smin, r.smax === sv ? r.smax - 1n : r.smax);
      }
      return;
    }
    case BPF_JSET: {
      if (!isConst(b, is32)) [a, b] = [b, a];
      if (!isConst(b, is32)) return;
      const v = constVal(b, is32);
      if (!isPow2(v)) return;
      a.varOff = is32 ? tnumWithSubreg(a.varOff, tnumOr(tnumSubreg(a.varOff), tnumConst(v))) : tnumOr(a.varOff, tnumConst(v));
      return;
    }
    case NOT_JSET: {
      if (!isConst(b, is32)) [a, b] = [b, a];
      if (!isConst(b, is32)) return;
      const v = constVal(b, is32);
      setUnbounded(a);
      const not = tnumConst(BigInt.asUintN(64, ~v));
      a.varOff = is32 ? tnumWithSubreg(a.varOff, tnumAnd(tnumSubreg(a.varOff), not)) : tnumAnd(a.varOff, not);
      return;
    }
    case BPF_JLE: lessU(dom, a, b, is32, 0); return;
    case BPF_JLT: lessU(dom, a, b, is32, 1); return;
    case BPF_JSLE: lessS(dom, a, b, is32, 0); return;
    case BPF_JSLT: lessS(dom, a, b, is32, 1); return;
  }
}
function lessU(dom: ScalarDomain, a: ScalarState, b: ScalarState, is32: boolean, d: 0 | 1): void {
  if (is32) {
    const x = a.r32, y = b.r32;
    if (dom.circular) {
      a.r32 = dom.intersect32(x, dom.fromU32(0, (y.umax - d) >>> 0));
      b.r32 = dom.intersect32(y, dom.fromU32((a.r32.umin + d) >>> 0, U32_MAX_N));
    } else {
      a.r32 = dom.both32(x.umin, Math.min(x.umax, (y.umax - d) >>> 0), x.smin, x.smax);
      b.r32 = dom.both32(Math.max((x.umin + d) >>> 0, y.umin), y.umax, y.smin, y.smax);
    }
    return;
  }
  const x = a.r64, y = b.r64, D = BigInt(d);
  const hi = BigInt.asUintN(64, y.umax - D);
  if (dom.circular) {
    a.r64 = dom.intersect64(x, dom.fromU64(0n, hi));
    b.r64 = dom.intersect64(y, dom.fromU64(BigInt.asUintN(64, a.r64.umin + D), U64_MAX));
  } else {
    const lo = BigInt.asUintN(64, x.umin + D);
    a.r64 = dom.both64(x.umin, x.umax < hi ? x.umax : hi, x.smin, x.smax);
    b.r64 = dom.both64(lo > y.umin ? lo : y.umin, y.umax, y.smin, y.smax);
  }
}
function lessS(dom: ScalarDomain, a: ScalarState, b: ScalarState, is32: boolean, d: 0 | 1): void {
  if (is32) {
    const x = a.r32, y = b.r32;
    if (dom.circular) {
      a.r32 = dom.intersect32(x, dom.fromS32(S32_MIN_N, (y.smax - d) | 0));
      b.r32 = dom.intersect32(y, dom.fromS32((a.r32.smin + d) | 0, S32_MAX_N));
    } else {
      a.r32 = dom.both32(x.umin, x.umax, x.smin, Math.min(x.smax, (y.smax - d) | 0));
      b.r32 = dom.both32(y.umin, y.umax, Math.max((x.smin + d) | 0, y.smin), y.smax);
    }
    return;
  }
  const x = a.r64, y = b.r64, D = BigInt(d);
  const hi = BigInt.asIntN(64, y.smax - D);
  if (dom.circular) {
    a.r64 = dom.intersect64(x, dom.fromS64(S64_MIN, hi));
    b.r64 = dom.intersect64(y, dom.fromS64(BigInt.asIntN(64, a.r64.smin + D), S64_MAX));
  } else {
    const lo = BigInt.asIntN(64, x.smin + D);
    a.r64 = dom.both64(x.umin, x.umax, x.smin, x.smax < hi ? x.smax : hi);
    b.r64 = dom.both64(y.umin, y.umax, lo > y.smin ? lo : y.smin, y.smax);
  }
}
