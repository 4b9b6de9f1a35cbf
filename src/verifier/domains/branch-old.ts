/** Conditional jumps before 6.8: a register against a constant, or two registers found equal (kernel reg_set_min_max, reg_combine_min_max). */
import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, flipOpcode, isPow2 } from "./branch.ts";
import { type ScalarDomain, type ScalarState, setKnown, setKnown32, setUnbounded, zext32to64 } from "./bounds.ts";
import { R32_UNBOUNDED, R64_UNBOUNDED } from "./range.ts";
import { tnumAnd, tnumClearSubreg, tnumConst, tnumIntersect, tnumIsConst, tnumOr, tnumSubreg, tnumSubregIsConst, tnumWithSubreg } from "./tnum.ts";

const lo32 = (v: bigint): bigint => BigInt.asUintN(32, v);

/** A register against a constant: 1 always, 0 never, -1 unknown. */
export function oldBranchTaken(a: ScalarState, value: bigint, op: number, is32: boolean): -1 | 0 | 1 {
  const t = is32 ? tnumSubreg(a.varOff) : a.varOff;
  const x = is32 ? a.r32 : a.r64;
  const v = is32 ? lo32(value) : value;
  const s = is32 ? BigInt.asIntN(32, v) : BigInt.asIntN(64, v);
  switch (op) {
    case BPF_JEQ: return tnumIsConst(t) ? (t.value === v ? 1 : 0) : -1;
    case BPF_JNE: return tnumIsConst(t) ? (t.value === v ? 0 : 1) : -1;
    case BPF_JSET: return (~t.mask & t.value & v) !== 0n ? 1 : ((t.mask | t.value) & v) === 0n ? 0 : -1;
    case BPF_JGT: return x.umin > v ? 1 : x.umax <= v ? 0 : -1;
    case BPF_JSGT: return x.smin > s ? 1 : x.smax <= s ? 0 : -1;
    case BPF_JLT: return x.umax < v ? 1 : x.umin >= v ? 0 : -1;
    case BPF_JSLT: return x.smax < s ? 1 : x.smin >= s ? 0 : -1;
    case BPF_JGE: return x.umin >= v ? 1 : x.umax < v ? 0 : -1;
    case BPF_JSGE: return x.smin >= s ? 1 : x.smax < s ? 0 : -1;
    case BPF_JLE: return x.umax <= v ? 1 : x.umin > v ? 0 : -1;
    case BPF_JSLE: return x.smax <= s ? 1 : x.smin > s ? 0 : -1;
  }
  return -1;
}

function cap(dom: ScalarDomain, a: ScalarState, is32: boolean, which: "umin" | "umax" | "smin" | "smax", v: bigint): void {
  const min = which === "umin" || which === "smin";
  const signed = which === "smin" || which === "smax";
  if (is32) {
    const n = Number(signed ? BigInt.asIntN(32, v) : lo32(v));
    const b = { umin: a.r32.umin, umax: a.r32.umax, smin: a.r32.smin, smax: a.r32.smax };
    b[which] = min ? Math.max(b[which], n) : Math.min(b[which], n);
    a.r32 = dom.both32(b.umin, b.umax, b.smin, b.smax);
    return;
  }
  const n = signed ? BigInt.asIntN(64, v) : BigInt.asUintN(64, v);
  const b = { umin: a.r64.umin, umax: a.r64.umax, smin: a.r64.smin, smax: a.r64.smax };
  if (min ? n > b[which] : n < b[which]) b[which] = n;
  a.r64 = dom.both64(b.umin, b.umax, b.smin, b.smax);
}

/** Kernel __reg_combine_64_into_32: what the 64-bit bounds say about the low half. */
export function combine64into32(dom: ScalarDomain, a: ScalarState): void {
  const { umin, umax, smin, smax } = a.r64;
  const s = smin >= -0x8000_0000n && smin <= 0x7fff_ffffn && smax >= -0x8000_0000n && smax <= 0x7fff_ffffn;
  const u = umin <= 0xffff_ffffn && umax <= 0xffff_ffffn;
  const r = R32_UNBOUNDED;
  a.r32 = dom.both32(u ? Number(umin) : r.umin, u ? Number(umax) : r.umax, s ? Number(smin) : r.smin, s ? Number(smax) : r.smax);
  dom.sync(a);
}
function combine32into64(dom: ScalarDomain, a: ScalarState): void {
  const upper = tnumClearSubreg(a.varOff);
  if (upper.mask === 0n && upper.value === 0n) {
    const { varOff } = a;
    zext32to64(dom, a);
    a.varOff = varOff;
  } else a.r64 = R64_UNBOUNDED;
  dom.sync(a);
}

/** What comparing with the constant tells on either side; `f` and `t` start as the same register. */
export function oldSetMinMax(dom: ScalarDomain, t: ScalarState, f: ScalarState, value: bigint, op: number, is32: boolean): void {
  const v = is32 ? lo32(value) : value;
  switch (op) {
    case BPF_JEQ: case BPF_JNE: {
      const a = op === BPF_JEQ ? t : f;
      if (is32) setKnown32(a, v);
      else setKnown(a, v);
      break;
    }
    case BPF_JSET: {
      setUnbounded(f);
      const not = tnumConst(is32 ? lo32(~v) : BigInt.asUintN(64, ~v));
      f.varOff = is32 ? tnumWithSubreg(f.varOff, tnumAnd(tnumSubreg(f.varOff), not)) : tnumAnd(f.varOff, not);
      if (isPow2(v)) t.varOff = is32 ? tnumWithSubreg(t.varOff, tnumOr(tnumSubreg(t.varOff), tnumConst(v))) : tnumOr(t.varOff, tnumConst(v));
      break;
    }
    case BPF_JGE: case BPF_JGT:
      cap(dom, f, is32, "umax", op === BPF_JGT ? v : v - 1n);
      cap(dom, t, is32, "umin", op === BPF_JGT ? v + 1n : v);
      break;
    case BPF_JSGE: case BPF_JSGT:
      cap(dom, f, is32, "smax", op === BPF_JSGT ? v : v - 1n);
      cap(dom, t, is32, "smin", op === BPF_JSGT ? v + 1n : v);
      break;
    case BPF_JLE: case BPF_JLT:
      cap(dom, f, is32, "umin", op === BPF_JLT ? v : v + 1n);
      cap(dom, t, is32, "umax", op === BPF_JLT ? v - 1n : v);
      break;
    case BPF_JSLE: case BPF_JSLT:
      cap(dom, f, is32, "smin", op === BPF_JSLT ? v : v + 1n);
      cap(dom, t, is32, "smax", op === BPF_JSLT ? v - 1n : v);
      break;
    default: return;
  }
  for (const a of [f, t]) {
    if (is32) combine32into64(dom, a);
    else combine64into32(dom, a);
  }
}
function combineEqual(dom: ScalarDomain, a: ScalarState, b: ScalarState): void {
  a.r64 = dom.intersect64(a.r64, b.r64);
  b.r64 = a.r64;
  a.varOff = tnumIntersect(a.varOff, b.varOff);
  b.varOff = a.varOff;
  dom.sync(a);
  dom.sync(b);
}
/** Both registers of `dst op src`, on the side where the jump is taken (t) and where it is not (f). */
export function oldRefine(dom: ScalarDomain, s: { f1: ScalarState; f2: ScalarState; t1: ScalarState; t2: ScalarState }, op: number, is32: boolean): void {
  const known = (a: ScalarState): boolean => tnumIsConst(a.varOff) || (is32 && tnumSubregIsConst(a.varOff));
  if (known(s.f2)) oldSetMinMax(dom, s.t1, s.f1, s.f2.varOff.value, op, is32);
  else if (known(s.f1)) oldSetMinMax(dom, s.t2, s.f2, s.f1.varOff.value, flipOpcode(op), is32);
  else if (!is32 && op === BPF_JEQ) combineEqual(dom, s.t2, s.t1);
  else if (!is32 && op === BPF_JNE) combineEqual(dom, s.f2, s.f1);
}
