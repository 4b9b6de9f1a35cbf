/** One program's log at level 2 as the releases print it; conformance:logs compares thousands with what real kernels wrote. */
import { describe, expect, it } from "vitest";
import type { Insn } from "../../isa/types.ts";
import { makeKernel } from "../../kernel/kernel.ts";
import { smallPack } from "../../kernel/testing/small-pack.ts";
import type { BoundProgram } from "../../loader/types.ts";
import { verify } from "../verify.ts";

type Line = readonly [code: number, dst: number, src: number, off: number, imm: number];

function log(kernelName: string, lines: readonly Line[]): string[] {
  const kernel = makeKernel(smallPack(kernelName));
  if (!kernel.ok) throw new Error(kernel.error);
  const program = {
    name: "p", type: "raw_tracepoint", attachType: null, attachTo: null, attachBtfId: 0, attachBtf: null, sleepable: false, flags: 0, license: "GPL", gplCompatible: true,
    insns: lines.map(([code, dst, src, off, imm]): Insn => ({ code, dst, src, off, imm })),
    maps: [], kfuncModules: [null], kfuncs: [], calls: [], funcInfo: [], lineInfo: [], subprogs: new Map(), poisoned: new Map(), btf: null, warnings: [],
  } as unknown as BoundProgram;
  return verify(program, kernel.value, { logLevel: 2 }).log.trimEnd().split("\n");
}

/** A byte of the context is spilled, compared, read back. */
const PROGRAM: readonly Line[] = [
  [0x79, 2, 1, 0, 0], [0x57, 2, 0, 0, 255], [0x7b, 10, 2, -8, 0], [0x65, 2, 0, 1, 5], [0xb7, 2, 0, 0, 7], [0x79, 3, 10, -8, 0], [0xbf, 0, 3, 0, 0], [0x95, 0, 0, 0, 0],
];

describe("the log of a release", () => {
  it("5.10: the whole state before each instruction, and after a comparison", () => {
    expect(log("5.10", PROGRAM).slice(3, 12)).toEqual([
      "1: R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0) R10=fp0",
      "1: (57) r2 &= 255",
      "2: R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) R10=fp0",
      "2: (7b) *(u64 *)(r10 -8) = r2",
      "3: R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) R10=fp0 fp-8_w=inv",
      "3: (65) if r2 s> 0x5 goto pc+1",
      " R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,umax_value=5,var_off=(0x0; 0x7)) R10=fp0 fp-8_w=inv",
      "4: R1=ctx(id=0,off=0,imm=0) R2_w=inv(id=0,umax_value=5,var_off=(0x0; 0x7)) R10=fp0 fp-8_w=inv",
      "4: (b7) r2 = 7",
    ]);
  });
  it("6.1: what changed beside the instruction, a spill by its type, a read slot not at all", () => {
    expect(log("6.1", PROGRAM).slice(3, 12)).toEqual([
      "1: (57) r2 &= 255                     ; R2_w=scalar(umax=255,var_off=(0x0; 0xff))",
      "2: (7b) *(u64 *)(r10 -8) = r2         ; R2_w=scalar(umax=255,var_off=(0x0; 0xff)) R10=fp0 fp-8_w=",
      "3: (65) if r2 s> 0x5 goto pc+1        ; R2_w=scalar(umax=5,var_off=(0x0; 0x7))",
      "4: (b7) r2 = 7                        ; R2_w=7",
      "5: (79) r3 = *(u64 *)(r10 -8)         ; R3_w=scalar(umax=255,var_off=(0x0; 0xff)) R10=fp0",
      "6: (bf) r0 = r3                       ; R0_w=scalar(id=1,umax=255,var_off=(0x0; 0xff)) R3_w=scalar(id=1,umax=255,var_off=(0x0; 0xff))",
      "7: (95) exit",
      "",
      "from 3 to 5: R1=ctx(off=0,imm=0) R2=scalar(umin=6,umax=255,var_off=(0x0; 0xff)) R10=fp0 fp-8=",
    ]);
  });
  it("6.12: bounds that are equal in one word, spills in full; what is linked changes unsaid", () => {
    expect(log("6.12", PROGRAM).slice(3, 7)).toEqual([
      "1: (57) r2 &= 255                     ; R2_w=scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
      "2: (7b) *(u64 *)(r10 -8) = r2         ; R2_w=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff)) R10=fp0 fp-8_w=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))",
      "3: (65) if r2 s> 0x5 goto pc+1        ; R2_w=scalar(id=1,smin=smin32=0,smax=umax=smax32=umax32=5,var_off=(0x0; 0x7))",
      "4: (b7) r2 = 7                        ; R2_w=7",
    ]);
  });
});
