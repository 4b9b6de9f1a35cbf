import { describe, expect, test } from "vitest";
import type { Insn } from "../../isa/types.ts";
import { Memory } from "../memory/memory.ts";
import { ALU_CASES, aluProgram, jumpCases, jumpProgram, PROGRAM_CASES } from "../testing/isa-cases.ts";
import { Fault } from "../fault.ts";
import { Cpu, type Image } from "./cpu.ts";
import { predecode } from "./predecode.ts";

const mem = new Memory();

function interpret(insns: Insn[], budget = 100_000_000): bigint {
  const text = mem.create("program text", 0);
  const decoded = predecode(insns, {
    pseudo: (slot, src, imm) => (src === 4 ? mem.address(text, (slot + 1 + imm) * 8) : "no such thing"),
    helper: () => 0, kfunc: () => 0,
  });
  const image: Image = { name: "test", index: 0, decoded, calls: [() => { throw new Fault("unsupported", "call"); }], text };
  text.object = image;
  text.readable = text.writable = false;
  const cpu = new Cpu(mem, image, 8, () => { if (cpu.n >= budget) throw new Fault("budget", "budget"); return budget; });
  try {
    return cpu.run(image, 0n);
  } finally {
    cpu.dispose();
    mem.release(text);
  }
}

describe("RFC 9669 instructions in the interpreter", () => {
  test.each(ALU_CASES.map((c) => [c.name, c] as const))("%s", (_name, c) => {
    expect(interpret(aluProgram(c))).toBe(c.want);
  });
  test("every conditional jump on every pair of edge values", () => {
    const wrong = jumpCases().filter((c) => interpret(jumpProgram(c)) !== (c.taken ? 1n : 0n));
    expect(wrong).toEqual([]);
  });
  test.each(PROGRAM_CASES.map((c) => [c.name, c] as const))("%s", (_name, c) => {
    expect(interpret(c.insns)).toBe(c.want);
  });
});

describe("what no kernel accepts", () => {
  const I = (code: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ code, dst, src, off, imm });
  test.each<[string, Insn[], RegExp]>([
    ["falls off the end", [I(0xb7)], /left the program/],
    ["jumps out", [I(0x05, 0, 0, 100), I(0x95)], /left the program/],
    ["jumps into ld_imm64", [I(0x05, 0, 0, 1), I(0x18), I(0), I(0x95)], /middle of ld_imm64/],
    ["unknown opcode", [I(0xff), I(0x95)], /unknown/],
    ["register 11", [I(0xbf, 11, 0), I(0x95)], /r11 does not exist/],
    ["null pointer", [I(0x79, 0, 0), I(0x95)], /read of 8 bytes at 0x0: null pointer/],
    ["below the stack", [I(0x79, 0, 10, -520), I(0x95)], /8 bytes before the start of stack frame 0/],
    ["above the stack", [I(0x7b, 10, 0, 0), I(0x95)], /past the end of stack frame 0/],
    ["across the end", [I(0x79, 0, 10, -4), I(0x95)], /the last 4 of them lie past the end of stack frame 0/],
    ["a wild pointer", [I(0x18, 1, 0, 0, 5), I(0, 0, 0, 0, 0x40000000 - 0x7780 + 2), I(0x79, 0, 1), I(0x95)], /no object is at this address/],
    ["endless recursion", [I(0x85, 0, 1, 0, -1), I(0x95)], /call stack of 8 frames/],
    ["endless loop", [I(0x05, 0, 0, -1)], /budget/],
    ["atomic on nothing", [I(0xdb, 1, 2, 0, 0), I(0x95)], /null pointer/],
  ])("%s", (_name, insns, message) => {
    expect(() => interpret(insns, 10000)).toThrow(message);
  });
});
