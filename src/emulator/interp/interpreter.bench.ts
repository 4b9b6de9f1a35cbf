/**
 * Instructions a second of the interpreter: `node --import tsx src/emulator/interp/interpreter.bench.ts`.
 * Prints one line a workload: million BPF instructions a second of processor time, best of five.
 */
import type { Insn } from "../../isa/types.ts";
import { Memory } from "../memory/memory.ts";
import { I } from "../testing/program.ts";
import { Cpu, type Image } from "./cpu.ts";
import { predecode } from "./predecode.ts";

const LOOPS = 4_000_000;

/** r0 = 0; r1 = LOOPS; the body; r1 -= 1; if r1 != 0 again; exit */
function loop(body: readonly Insn[], setup: readonly Insn[] = []): Insn[] {
  return [...setup, I(0xb7, 0), I(0xb7, 1, 0, 0, LOOPS), ...body, I(0x07, 1, 0, 0, -1), I(0x55, 1, 0, -(body.length + 2), 0), I(0x95)];
}

const WORKLOADS: Readonly<Record<string, Insn[]>> = {
  "add, xor, shift (64 bit)": loop([I(0x0f, 0, 1), I(0xaf, 0, 2), I(0x67, 2, 0, 0, 3), I(0x07, 2, 0, 0, 7), I(0x77, 2, 0, 0, 1), I(0x5f, 2, 0)]),
  "add, xor, shift (32 bit)": loop([I(0x0c, 0, 1), I(0xac, 0, 2), I(0x64, 2, 0, 0, 3), I(0x04, 2, 0, 0, 7), I(0x74, 2, 0, 0, 1), I(0x5c, 2, 0)]),
  "loads and stores on the stack": loop([I(0x7b, 10, 1, -8), I(0x79, 2, 10, -8), I(0x63, 10, 2, -16), I(0x61, 3, 10, -16), I(0x0f, 0, 3)]),
  "branches": loop([I(0x25, 1, 0, 1, 100), I(0x07, 0, 0, 0, 1), I(0x57, 0, 0, 0, 7), I(0x1d, 0, 1, 1), I(0xbf, 3, 0), I(0xc5, 3, 0, 0, 5)]),
  "multiply and divide (64 bit)": loop([I(0x27, 2, 0, 0, 3), I(0x07, 2, 0, 0, 5), I(0x37, 2, 0, 0, 2)]),
};

const mem = new Memory();
for (const [name, insns] of Object.entries(WORKLOADS)) {
  const text = mem.create("program text", 0);
  const image: Image = { name, index: 0, decoded: predecode(insns, { pseudo: () => "no", helper: () => 0, kfunc: () => 0 }), calls: [], text };
  let best = 0;
  for (let i = 0; i < 5; i++) {
    const cpu = new Cpu(mem, image, 8, (c) => c.n + 100_000);
    const start = process.cpuUsage();
    cpu.run(image, 0n);
    const used = process.cpuUsage(start);
    best = Math.max(best, cpu.n / (used.user + used.system));
    cpu.dispose();
  }
  console.log(`${name.padEnd(32)} ${best.toFixed(0).padStart(5)} M instructions/s`);
}
