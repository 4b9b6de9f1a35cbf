import { describe, expect, it } from "vitest";
import type { Insn } from "../isa/types.ts";
import { makeKernel } from "../kernel/kernel.ts";
import { smallPack } from "../kernel/testing/small-pack.ts";
import type { BoundProgram } from "../loader/types.ts";
import type { VerifyResult } from "./types.ts";
import { verify } from "./verify.ts";

/** [code, dst, src, off, imm], as the kernel's macros build them */
type Line = readonly [code: number, dst: number, src: number, off: number, imm: number];
const mov = (dst: number, src: number): Line => [0xbf, dst, src, 0, 0];
const set = (dst: number, imm: number): Line => [0xb7, dst, 0, 0, imm];
const add = (dst: number, imm: number): Line => [0x07, dst, 0, 0, imm];
const addReg = (dst: number, src: number): Line => [0x0f, dst, src, 0, 0];
const load = (size: "w" | "dw", dst: number, src: number, off: number): Line => [size === "w" ? 0x61 : 0x79, dst, src, off, 0];
const exit: Line = [0x95, 0, 0, 0, 0];
const TEST_STATE_FREQ = 8;

/** A raw tracepoint's program: its context is five words of which nothing is known. */
function judge(kernelName: string, lines: readonly Line[], flags = 0): VerifyResult {
  const kernel = makeKernel(smallPack(kernelName));
  if (!kernel.ok) throw new Error(kernel.error);
  const program: BoundProgram = {
    name: "p", type: "raw_tracepoint", attachType: null, attachTo: null, attachBtfId: 0, attachBtf: null, sleepable: false, flags, license: "GPL", gplCompatible: true,
    insns: lines.map(([code, dst, src, off, imm]): Insn => ({ code, dst, src, off, imm })),
    maps: [], kfuncModules: [null], kfuncs: [], calls: [], funcInfo: [], lineInfo: [], subprogs: new Map(), poisoned: new Map(), btf: null, warnings: [],
  } as unknown as BoundProgram;
  return verify(program, kernel.value, { logLevel: 1 });
}

describe.each<readonly [what: string, lines: readonly Line[], answers: Readonly<Record<string, string>>]>([
  ["or with an unknown operand", [
    load("dw", 2, 1, 0), [0x57, 2, 0, 0, 1], set(3, 8), [0x4f, 3, 2, 0, 0],
    mov(4, 10), add(4, -16), addReg(4, 3), [0x72, 4, 0, 0, 0], set(0, 0), exit,
  ], { "5.10": "math between fp pointer and register with unbounded min value is not allowed", "6.1": "math between fp pointer and register with unbounded min value is not allowed", "6.12": "" }],
  ["stack below all that was touched", [load("dw", 0, 10, -8), set(0, 0), exit], { "5.10": "invalid read from stack R10 off=-8 size=8", "6.1": "", "6.12": "" }],
  ["an atomic addition to the context", [set(2, 1), [0xc3, 1, 2, 0, 0], set(0, 0), exit], {
    "5.10": "BPF_XADD stores into R1 ctx is not allowed", "6.1": "BPF_ATOMIC stores into R1 ctx is not allowed", "6.12": "BPF_ATOMIC stores into R1 ctx is not allowed",
  }],
  ["a context moved back", [add(1, -8), load("dw", 0, 1, 8), exit], {
    "5.10": "dereference of modified ctx ptr R1 off=-8 disallowed", "6.1": "negative offset ctx ptr R1 off=-8 disallowed", "6.12": "negative offset ctx ptr R1 off=-8 disallowed",
  }],
  ["the address of a function of the program", [[0x18, 2, 4, 0, 3], [0, 0, 0, 0, 0], set(0, 0), exit, set(0, 0), exit], { "5.10": "unrecognized bpf_ld_imm64 insn", "6.1": "missing btf func_info" }],
  ["a quotient in 32 bits", [
    load("dw", 2, 1, 0), [0x34, 2, 0, 0, 3], [0x77, 2, 0, 0, 31], mov(4, 10), add(4, -8), addReg(4, 2), [0x72, 4, 0, 0, 0], set(0, 0), exit,
  ], { "6.1": "", "6.12": "invalid unbounded variable-offset write to stack R4" }],
])("%s", (_what, lines, answers) => {
  it.each(Object.entries(answers))("on %s", (kernel, message) => {
    const result = judge(kernel, lines);
    expect([result.verdict, result.message]).toEqual([message ? "rejected" : "accepted", message]);
  });
});

describe("precision", () => {
  // r6 is 1 or 2, and read at the end only; what a function gives back is added to a pointer
  const lines: Line[] = [
    load("dw", 0, 1, 0), set(6, 1), [0x55, 0, 0, 1, 5], set(6, 2),
    set(1, 8), [0x85, 0, 1, 0, 6], mov(2, 10), add(2, -16), addReg(2, 0), [0x72, 2, 0, 0, 0], mov(0, 6), exit,
    mov(0, 1), exit,
  ];
  it("stops at the end of a function before 6.4: all scalars count, and the second path is walked", () => {
    const old = judge("6.1", lines, TEST_STATE_FREQ), later = judge("6.12", lines, TEST_STATE_FREQ);
    expect([old.verdict, later.verdict]).toEqual(["accepted", "accepted"]);
    expect(old.stats.insns).toBeGreaterThan(later.stats.insns);
  });
});
