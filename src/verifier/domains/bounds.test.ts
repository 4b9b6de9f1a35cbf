import { describe, expect, it } from "vitest";
import type { Kernel } from "../../kernel/types.ts";
import { BPF_JEQ, BPF_JGT, BPF_JLT, BPF_JSGE, BPF_JSLT, refineCond, revOpcode, scalarBranchTaken } from "./branch.ts";
import { type ScalarState, scalarDomain, setUnknown } from "./bounds.ts";
import { R32_UNBOUNDED, R64_UNBOUNDED, r32Const, r32Equal, r64Const, r64Equal } from "./range.ts";
import { tnumIn, tnumAdd, tnumConst, tnumMulHma, tnumMulUnion, tnumRange } from "./tnum.ts";

const domains = [["classic", false], ["circular", true]] as const;
const domain = (circular: boolean) => scalarDomain({ has: (f: string) => circular || f !== "circular_ranges" } as unknown as Kernel);
const unknown = (): ScalarState => {
  const s = {} as ScalarState;
  setUnknown(s);
  return s;
};
const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const holds = (op: number, a: bigint, b: bigint): boolean => {
  const s = BigInt.asIntN(64, a), t = BigInt.asIntN(64, b);
  return op === BPF_JEQ ? a === b : op === BPF_JGT ? a > b : op === BPF_JLT ? a < b : op === BPF_JSGE ? s >= t : s < t;
};
const contains = (s: ScalarState, v: bigint): boolean =>
  tnumIn(s.varOff, tnumConst(v)) && s.r64.umin <= v && v <= s.r64.umax && s.r64.smin <= BigInt.asIntN(64, v) && BigInt.asIntN(64, v) <= s.r64.smax;
const VALUES = [0n, 1n, 7n, 255n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, (1n << 63n) - 1n, 1n << 63n, u64(-2n), u64(-1n)];

describe.each(domains)("%s bounds", (_name, circular) => {
  const dom = domain(circular);
  it("are equal however they came about", () => {
    for (const c of VALUES) {
      const low = Number(c & 0xffff_ffffn);
      expect(r64Equal(dom.fromU64(c, c), r64Const(c))).toBe(true);
      expect(r32Equal(dom.fromU32(low, low), r32Const(c))).toBe(true);
    }
    expect(r64Equal(dom.fromU64(0n, u64(-1n)), R64_UNBOUNDED)).toBe(true);
    expect(r32Equal(dom.fromU32(0, 0xffff_ffff), R32_UNBOUNDED)).toBe(true);
  });
  it("keep every value that satisfies a branch", () => {
    for (const op of [BPF_JEQ, BPF_JGT, BPF_JLT, BPF_JSGE, BPF_JSLT]) for (const c of VALUES) {
      const k = unknown();
      k.varOff = tnumConst(c);
      k.r64 = dom.fromU64(c, c);
      k.r32 = dom.fromU32(Number(c & 0xffff_ffffn), Number(c & 0xffff_ffffn));
      const yes = unknown(), no = unknown();
      const taken = scalarBranchTaken(yes, k, op, false);
      refineCond(dom, yes, { ...k }, op, false);
      refineCond(dom, no, { ...k }, revOpcode(op), false);
      dom.sync(yes);
      dom.sync(no);
      for (const v of VALUES) {
        if (taken !== -1) expect(holds(op, v, c)).toBe(taken === 1);
        else expect(contains(holds(op, v, c) ? yes : no, v)).toBe(true);
      }
    }
  });
});
describe("known bits", () => {
  it("of sums and products hold for all members", () => {
    for (const [a, b] of [[3n, 9n], [0n, 16n], [250n, 260n]] as const) for (const [c, d] of [[1n, 2n], [8n, 15n]] as const) {
      const p = tnumRange(a, b), q = tnumRange(c, d);
      for (let x = a; x <= b; x++) for (let y = c; y <= d; y++) {
        expect(tnumIn(tnumAdd(p, q), tnumConst(x + y))).toBe(true);
        expect(tnumIn(tnumMulHma(p, q), tnumConst(x * y))).toBe(true);
        expect(tnumIn(tnumMulUnion(p, q), tnumConst(x * y))).toBe(true);
      }
    }
  });
});
