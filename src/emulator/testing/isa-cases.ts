import type { Insn } from "../../isa/types.ts";

/**
 * Edge cases of RFC 9669, one instruction each: dst and src are the registers' values before it, `want` is dst after it.
 * Every way of running BPF in this project runs this one table.
 */
export interface AluCase { name: string; code: number; off?: number; imm?: number; dst: bigint; src?: bigint; want: bigint }
/** `taken`: whether the jump is. */
export interface JumpCase { name: string; code: number; imm?: number; dst: bigint; src?: bigint; taken: boolean }

const ALL = 0xffff_ffff_ffff_ffffn;
const MIN = 0x8000_0000_0000_0000n;
const neg = (v: bigint): bigint => BigInt.asUintN(64, -v);

export const ALU_CASES: readonly AluCase[] = [
  { name: "add64 imm carries into the high half", code: 0x07, imm: 1, dst: 0xffff_ffffn, want: 0x1_0000_0000n },
  { name: "add64 imm negative borrows", code: 0x07, imm: -1, dst: 0x1_0000_0000n, want: 0xffff_ffffn },
  { name: "add64 imm wraps", code: 0x07, imm: 1, dst: ALL, want: 0n },
  { name: "add64 imm least", code: 0x07, imm: -0x80000000, dst: 0n, want: 0xffff_ffff_8000_0000n },
  { name: "add64 reg", code: 0x0f, dst: 0xffff_ffff_ffffn, src: 0x1_0000_0001n, want: 0x1_0001_0000_0000n },
  { name: "add32 imm clears the high half", code: 0x04, imm: 1, dst: ALL, want: 0n },
  { name: "add32 reg", code: 0x0c, dst: 0xaaaa_0000_7fff_ffffn, src: 1n, want: 0x8000_0000n },
  { name: "sub64 imm borrows", code: 0x17, imm: 1, dst: 0n, want: ALL },
  { name: "sub64 imm negative", code: 0x17, imm: -1, dst: 0xffff_ffffn, want: 0x1_0000_0000n },
  { name: "sub64 reg", code: 0x1f, dst: 0x1_0000_0000n, src: 1n, want: 0xffff_ffffn },
  { name: "sub64 reg same register value", code: 0x1f, dst: MIN, src: MIN, want: 0n },
  { name: "sub32 reg wraps", code: 0x1c, dst: 0n, src: 1n, want: 0xffff_ffffn },
  { name: "sub32 imm", code: 0x14, imm: 5, dst: 0x1_0000_0003n, want: 0xffff_fffen },
  { name: "mul64 imm negative", code: 0x27, imm: -3, dst: 7n, want: neg(21n) },
  { name: "mul64 reg wraps", code: 0x2f, dst: 0x1_0000_0001n, src: 0x1_0000_0001n, want: 0x2_0000_0001n },
  { name: "mul32 reg", code: 0x2c, dst: 0x1_ffff_ffffn, src: 0xffff_ffffn, want: 1n },
  { name: "mul32 imm", code: 0x24, imm: -1, dst: 2n, want: 0xffff_fffen },
  { name: "div64 imm sign-extends the divisor", code: 0x37, imm: -1, dst: ALL, want: 1n },
  { name: "div64 imm small", code: 0x37, imm: 10, dst: 0x8000_0000_0000_0005n, want: 0xccc_cccc_cccc_cccdn },
  { name: "div64 reg by zero is zero", code: 0x3f, dst: 5n, src: 0n, want: 0n },
  { name: "div64 reg by zero is zero, large", code: 0x3f, dst: ALL, src: 0n, want: 0n },
  { name: "div64 reg unsigned", code: 0x3f, dst: ALL, src: 2n, want: 0x7fff_ffff_ffff_ffffn },
  { name: "div64 reg in 32 bits", code: 0x3f, dst: 0xffff_ffffn, src: 2n, want: 0x7fff_ffffn },
  { name: "div32 imm", code: 0x34, imm: -1, dst: ALL, want: 1n },
  { name: "div32 reg by zero", code: 0x3c, dst: ALL, src: 0x1_0000_0000n, want: 0n },
  { name: "div32 reg", code: 0x3c, dst: 0x7_8000_0000n, src: 3n, want: 0x2aaa_aaaan },
  { name: "mod64 reg by zero keeps dst", code: 0x9f, dst: ALL, src: 0n, want: ALL },
  { name: "mod64 reg", code: 0x9f, dst: ALL, src: 10n, want: 5n },
  { name: "mod64 imm negative", code: 0x97, imm: -2, dst: ALL, want: 1n },
  { name: "mod64 imm in 32 bits", code: 0x97, imm: 7, dst: 0xffff_ffffn, want: 3n },
  { name: "mod32 reg by zero truncates dst", code: 0x9c, dst: 0x5_0000_0007n, src: 0n, want: 7n },
  { name: "mod32 imm", code: 0x94, imm: 10, dst: 0xffff_ffffn, want: 5n },
  { name: "sdiv64 reg", code: 0x3f, off: 1, dst: neg(13n), src: 3n, want: neg(4n) },
  { name: "sdiv64 reg by zero", code: 0x3f, off: 1, dst: neg(13n), src: 0n, want: 0n },
  { name: "sdiv64 least by -1", code: 0x3f, off: 1, dst: MIN, src: ALL, want: MIN },
  { name: "sdiv64 imm", code: 0x37, off: 1, imm: -3, dst: 13n, want: neg(4n) },
  { name: "sdiv32 reg", code: 0x3c, off: 1, dst: 0xffff_fff3n, src: 3n, want: 0xffff_fffcn },
  { name: "sdiv32 least by -1", code: 0x3c, off: 1, dst: 0x8000_0000n, src: 0xffff_ffffn, want: 0x8000_0000n },
  { name: "sdiv32 imm", code: 0x34, off: 1, imm: -2, dst: 7n, want: 0xffff_fffdn },
  { name: "smod64 sign of the dividend", code: 0x9f, off: 1, dst: neg(13n), src: 3n, want: neg(1n) },
  { name: "smod64 negative divisor", code: 0x9f, off: 1, dst: 13n, src: neg(3n), want: 1n },
  { name: "smod64 least by -1", code: 0x9f, off: 1, dst: MIN, src: ALL, want: 0n },
  { name: "smod64 by zero keeps dst", code: 0x9f, off: 1, dst: neg(13n), src: 0n, want: neg(13n) },
  { name: "smod64 imm", code: 0x97, off: 1, imm: 3, dst: neg(13n), want: neg(1n) },
  { name: "smod32 reg", code: 0x9c, off: 1, dst: 0xffff_fff3n, src: 3n, want: 0xffff_ffffn },
  { name: "smod32 by zero truncates", code: 0x9c, off: 1, dst: 0x1_8000_0000n, src: 0n, want: 0x8000_0000n },
  { name: "smod32 least by -1", code: 0x94, off: 1, imm: -1, dst: 0x8000_0000n, want: 0n },
  { name: "or64 imm sign-extends", code: 0x47, imm: -0x80000000, dst: 1n, want: 0xffff_ffff_8000_0001n },
  { name: "or64 reg", code: 0x4f, dst: 0xf0_0000_0000n, src: 0xfn, want: 0xf0_0000_000fn },
  { name: "or32 imm", code: 0x44, imm: -1, dst: 0x5_0000_0000n, want: 0xffff_ffffn },
  { name: "and64 imm sign-extends", code: 0x57, imm: -2, dst: ALL, want: ALL - 1n },
  { name: "and64 imm positive clears the high half", code: 0x57, imm: 0xff, dst: ALL, want: 0xffn },
  { name: "and64 reg", code: 0x5f, dst: ALL, src: 0xff00_ff00_ff00_ff00n, want: 0xff00_ff00_ff00_ff00n },
  { name: "and32 reg", code: 0x5c, dst: ALL, src: 0xff00_ff00_ff00_ff00n, want: 0xff00_ff00n },
  { name: "xor64 imm", code: 0xa7, imm: -1, dst: 0xffn, want: ALL - 0xffn },
  { name: "xor64 reg", code: 0xaf, dst: ALL, src: ALL, want: 0n },
  { name: "xor32 imm", code: 0xa4, imm: -1, dst: ALL, want: 0n },
  { name: "lsh64 imm over the halves", code: 0x67, imm: 33, dst: 3n, want: 0x6_0000_0000n },
  { name: "lsh64 imm 32", code: 0x67, imm: 32, dst: 0xffff_ffffn, want: 0xffff_ffff_0000_0000n },
  { name: "lsh64 imm 1", code: 0x67, imm: 1, dst: 0x8000_0000n, want: 0x1_0000_0000n },
  { name: "lsh64 imm 0", code: 0x67, imm: 0, dst: ALL, want: ALL },
  { name: "lsh64 reg masks to 6 bits", code: 0x6f, dst: 1n, src: 65n, want: 2n },
  { name: "lsh64 reg 64 shifts by 0", code: 0x6f, dst: 5n, src: 64n, want: 5n },
  { name: "lsh32 reg masks to 5 bits", code: 0x6c, dst: 1n, src: 33n, want: 2n },
  { name: "lsh32 imm 31", code: 0x64, imm: 31, dst: 3n, want: 0x8000_0000n },
  { name: "rsh64 imm", code: 0x77, imm: 4, dst: MIN, want: 0x0800_0000_0000_0000n },
  { name: "rsh64 imm 32", code: 0x77, imm: 32, dst: ALL, want: 0xffff_ffffn },
  { name: "rsh64 reg 63", code: 0x7f, dst: ALL, src: 63n, want: 1n },
  { name: "rsh64 reg masks", code: 0x7f, dst: 4n, src: 0x41n, want: 2n },
  { name: "rsh32 reg ignores the high half", code: 0x7c, dst: 0xf_8000_0000n, src: 31n, want: 1n },
  { name: "rsh32 imm", code: 0x74, imm: 1, dst: 0x1_0000_0000n, want: 0n },
  { name: "arsh64 imm", code: 0xc7, imm: 4, dst: MIN, want: 0xf800_0000_0000_0000n },
  { name: "arsh64 imm 63", code: 0xc7, imm: 63, dst: MIN, want: ALL },
  { name: "arsh64 reg 32", code: 0xcf, dst: 0x8000_0001_0000_0000n, src: 32n, want: 0xffff_ffff_8000_0001n },
  { name: "arsh32 imm", code: 0xc4, imm: 4, dst: 0x8000_0000n, want: 0xf800_0000n },
  { name: "arsh32 reg masks", code: 0xcc, dst: 0xf_ffff_fff0n, src: 36n, want: 0xffff_ffffn },
  { name: "neg64", code: 0x87, dst: 1n, want: ALL },
  { name: "neg64 of zero", code: 0x87, dst: 0n, want: 0n },
  { name: "neg64 high half only", code: 0x87, dst: 0x1_0000_0000n, want: 0xffff_ffff_0000_0000n },
  { name: "neg32", code: 0x84, dst: 0x5_0000_0001n, want: 0xffff_ffffn },
  { name: "mov64 imm sign-extends", code: 0xb7, imm: -5, dst: 0n, want: neg(5n) },
  { name: "mov64 reg", code: 0xbf, dst: 0n, src: MIN + 5n, want: MIN + 5n },
  { name: "mov32 imm zero-extends", code: 0xb4, imm: -5, dst: ALL, want: 0xffff_fffbn },
  { name: "mov32 reg zero-extends", code: 0xbc, dst: ALL, src: ALL, want: 0xffff_ffffn },
  { name: "movsx64 8", code: 0xbf, off: 8, dst: 0n, src: 0x180n, want: neg(0x80n) },
  { name: "movsx64 8 positive", code: 0xbf, off: 8, dst: ALL, src: 0xff7fn, want: 0x7fn },
  { name: "movsx64 16", code: 0xbf, off: 16, dst: 0n, src: 0x18000n, want: neg(0x8000n) },
  { name: "movsx64 32", code: 0xbf, off: 32, dst: 0n, src: 0x8000_0000n, want: 0xffff_ffff_8000_0000n },
  { name: "movsx32 8", code: 0xbc, off: 8, dst: ALL, src: 0x80n, want: 0xffff_ff80n },
  { name: "movsx32 16", code: 0xbc, off: 16, dst: ALL, src: 0x8000n, want: 0xffff_8000n },
  { name: "le16 truncates", code: 0xd4, imm: 16, dst: 0x1122_3344_5566_7788n, want: 0x7788n },
  { name: "le32 truncates", code: 0xd4, imm: 32, dst: 0x1122_3344_5566_7788n, want: 0x5566_7788n },
  { name: "le64", code: 0xd4, imm: 64, dst: 0x1122_3344_5566_7788n, want: 0x1122_3344_5566_7788n },
  { name: "be16", code: 0xdc, imm: 16, dst: 0x1122_3344_5566_7788n, want: 0x8877n },
  { name: "be32", code: 0xdc, imm: 32, dst: 0x1122_3344_5566_7788n, want: 0x8877_6655n },
  { name: "be64", code: 0xdc, imm: 64, dst: 0x1122_3344_5566_7788n, want: 0x8877_6655_4433_2211n },
  { name: "bswap16", code: 0xd7, imm: 16, dst: 0x1122_3344_5566_7788n, want: 0x8877n },
  { name: "bswap32", code: 0xd7, imm: 32, dst: 0x1122_3344_5566_7788n, want: 0x8877_6655n },
  { name: "bswap64", code: 0xd7, imm: 64, dst: 0x1122_3344_5566_7788n, want: 0x8877_6655_4433_2211n },
];

/** [name, opcode's operation nibble, (a, b unsigned, as, bs signed) => taken] */
const CONDITIONS: readonly [string, number, (a: bigint, b: bigint, sa: bigint, sb: bigint) => boolean][] = [
  ["jeq", 0x10, (a, b) => a === b], ["jgt", 0x20, (a, b) => a > b], ["jge", 0x30, (a, b) => a >= b], ["jset", 0x40, (a, b) => (a & b) !== 0n],
  ["jne", 0x50, (a, b) => a !== b], ["jsgt", 0x60, (_a, _b, sa, sb) => sa > sb], ["jsge", 0x70, (_a, _b, sa, sb) => sa >= sb],
  ["jlt", 0xa0, (a, b) => a < b], ["jle", 0xb0, (a, b) => a <= b], ["jslt", 0xc0, (_a, _b, sa, sb) => sa < sb], ["jsle", 0xd0, (_a, _b, sa, sb) => sa <= sb],
];
const POINTS = [0n, 1n, 5n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 0x1_0000_0005n, MIN - 1n, MIN, MIN + 1n, ALL - 4n, ALL];
const IMMEDIATES = [0, 1, 5, -1, -5, 0x7fffffff, -0x80000000];

/** Every condition on every pair of edge values, 64 and 32 bit, register and immediate. */
export function jumpCases(): JumpCase[] {
  const out: JumpCase[] = [];
  for (const [name, nibble, holds] of CONDITIONS) {
    for (const wide of [true, false]) {
      const bits = wide ? 64 : 32;
      const decide = (a: bigint, b: bigint): boolean => holds(BigInt.asUintN(bits, a), BigInt.asUintN(bits, b), BigInt.asIntN(bits, a), BigInt.asIntN(bits, b));
      const base = nibble | (wide ? 5 : 6);
      for (const dst of POINTS) {
        for (const src of POINTS) out.push({ name: `${name}${bits} reg`, code: base | 8, dst, src, taken: decide(dst, src) });
        for (const imm of IMMEDIATES) out.push({ name: `${name}${bits} imm`, code: base, imm, dst, taken: decide(dst, BigInt(imm)) });
      }
    }
  }
  return out;
}

/** The two slots that load a 64-bit constant. */
export function loadImm64(dst: number, value: bigint): Insn[] {
  return [
    { code: 0x18, dst, src: 0, off: 0, imm: Number(BigInt.asIntN(32, value)) },
    { code: 0, dst: 0, src: 0, off: 0, imm: Number(BigInt.asIntN(32, value >> 32n)) },
  ];
}

/** r1 = dst; r2 = src; the instruction; r0 = r1; exit. */
export function aluProgram(c: AluCase): Insn[] {
  return [
    ...loadImm64(1, c.dst), ...loadImm64(2, c.src ?? 0n),
    { code: c.code, dst: 1, src: c.src === undefined ? 0 : 2, off: c.off ?? 0, imm: c.imm ?? 0 },
    { code: 0xbf, dst: 0, src: 1, off: 0, imm: 0 },
    { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
  ];
}

/** r0 = 1 when the jump is taken, else 0. */
export function jumpProgram(c: JumpCase): Insn[] {
  return [
    ...loadImm64(1, c.dst), ...loadImm64(2, c.src ?? 0n),
    { code: 0xb7, dst: 0, src: 0, off: 0, imm: 1 },
    { code: c.code, dst: 1, src: c.src === undefined ? 0 : 2, off: 1, imm: c.imm ?? 0 },
    { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 },
    { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 },
  ];
}

/** Programs on the stack and over control flow: `want` is r0 at the end. */
export interface ProgramCase { name: string; insns: Insn[]; want: bigint }
const I = (code: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ code, dst, src, off, imm });
const EXIT = I(0x95);

function atomicCase(name: string, wide: boolean, imm: number, memory: bigint, operand: bigint, r0: bigint, want: { memory?: bigint; src?: bigint; r0?: bigint }): ProgramCase {
  const body = [...loadImm64(3, memory), I(0x7b, 10, 3, -8), ...loadImm64(2, operand), ...loadImm64(0, r0), I(wide ? 0xdb : 0xc3, 10, 2, -8, imm)];
  const tail = want.memory !== undefined ? [I(0x79, 0, 10, -8), EXIT] : want.src !== undefined ? [I(0xbf, 0, 2), EXIT] : [EXIT];
  return { name, insns: [...body, ...tail], want: want.memory ?? want.src ?? want.r0! };
}

export const PROGRAM_CASES: readonly ProgramCase[] = [
  { name: "stx and ldx of each size", insns: [...loadImm64(1, 0x1122_3344_5566_7788n), I(0x7b, 10, 1, -8), I(0x71, 0, 10, -8), I(0x69, 2, 10, -6), I(0x67, 0, 0, 0, 16), I(0x4f, 0, 2), I(0x61, 2, 10, -4), I(0x67, 0, 0, 0, 32), I(0x4f, 0, 2), EXIT], want: 0x0088_5566_1122_3344n },
  { name: "st imm of each size", insns: [I(0x7a, 10, 0, -8, -1), I(0x72, 10, 0, -8, 0x12), I(0x6a, 10, 0, -7, 0x3456), I(0x62, 10, 0, -4, 0x0789abcd), I(0x79, 0, 10, -8), EXIT], want: 0x0789_abcd_ff34_5612n },
  { name: "st imm 64 sign-extends", insns: [I(0x7a, 10, 0, -8, -2), I(0x79, 0, 10, -8), EXIT], want: ALL - 1n },
  { name: "ldx zero-extends", insns: [I(0x7a, 10, 0, -8, -1), I(0x18, 0, 0, 0, -1), I(0, 0, 0, 0, -1), I(0x61, 0, 10, -8), EXIT], want: 0xffff_ffffn },
  { name: "memsx 8", insns: [I(0x7a, 10, 0, -8, 0x80), I(0x91, 0, 10, -8), EXIT], want: neg(0x80n) },
  { name: "memsx 16", insns: [I(0x7a, 10, 0, -8, 0x8000), I(0x89, 0, 10, -8), EXIT], want: neg(0x8000n) },
  { name: "memsx 32", insns: [I(0x7a, 10, 0, -8, -0x80000000), I(0x81, 0, 10, -8), EXIT], want: 0xffff_ffff_8000_0000n },
  { name: "unaligned access", insns: [I(0x7a, 10, 0, -16, 0), I(0x7a, 10, 0, -8, 0), I(0x7a, 10, 0, -11, 0x01020304), I(0x79, 0, 10, -11), EXIT], want: 0x0102_0304n },
  { name: "ja, gotol, backwards", insns: [I(0xb7, 0, 0, 0, 0), I(0xb7, 1, 0, 0, 3), I(0x05, 0, 0, 2), I(0x07, 0, 0, 0, 5), I(0x07, 1, 0, 0, -1), I(0x55, 1, 0, -3, 0), I(0x06, 0, 0, 0, 1), I(0xb7, 0, 0, 0, 99), EXIT], want: 15n },
  { name: "subprogram keeps r6-r9 and has its own stack", insns: [I(0xb7, 6, 0, 0, 7), I(0x7a, 10, 0, -8, 1), I(0xb7, 1, 0, 0, 2), I(0x85, 0, 1, 0, 4), I(0x79, 1, 10, -8), I(0x0f, 0, 1), I(0x0f, 0, 6), EXIT, I(0xb7, 6, 0, 0, 100), I(0x7a, 10, 0, -8, 50), I(0xbf, 0, 1), I(0x67, 0, 0, 0, 4), EXIT], want: 40n },
  { name: "callx", insns: [I(0x18, 3, 4, 0, 4), I(0), I(0xb7, 1, 0, 0, 5), I(0x8d, 3), EXIT, I(0xbf, 0, 1), I(0x27, 0, 0, 0, 3), EXIT], want: 15n },
  { name: "may_goto ends a loop", insns: [I(0xb7, 0, 0, 0, 0), I(0xe5, 0, 0, 2), I(0x07, 0, 0, 0, 1), I(0x05, 0, 0, -3), EXIT], want: 8388608n },
  atomicCase("atomic add", true, 0x00, 5n, ALL, 0n, { memory: 4n }),
  atomicCase("atomic add 32 leaves the next word", false, 0x00, 0x7_ffff_ffffn, 1n, 0n, { memory: 0x7_0000_0000n }),
  atomicCase("atomic fetch add", true, 0x01, 5n, 3n, 0n, { src: 5n }),
  atomicCase("atomic fetch add 32 zero-extends", false, 0x01, 0x9_ffff_fff0n, 3n, 0n, { src: 0xffff_fff0n }),
  atomicCase("atomic or", true, 0x40, 0xf0n, 0x0fn, 0n, { memory: 0xffn }),
  atomicCase("atomic and", true, 0x50, 0xf0n, 0x30n, 0n, { memory: 0x30n }),
  atomicCase("atomic xor fetch", true, 0xa1, 0xf0n, 0xffn, 0n, { src: 0xf0n }),
  atomicCase("atomic xor", false, 0xa0, 0x1_0000_00f0n, 0xffn, 0n, { memory: 0x1_0000_000fn }),
  atomicCase("xchg", true, 0xe1, 5n, 9n, 0n, { memory: 9n }),
  atomicCase("xchg old value", true, 0xe1, 5n, 9n, 0n, { src: 5n }),
  atomicCase("cmpxchg equal", true, 0xf1, 5n, 9n, 5n, { memory: 9n }),
  atomicCase("cmpxchg different", true, 0xf1, 5n, 9n, 6n, { memory: 5n }),
  atomicCase("cmpxchg gives r0 the old value", true, 0xf1, 5n, 9n, 6n, { r0: 5n }),
  atomicCase("cmpxchg 32 compares low halves and zero-extends r0", false, 0xf1, 0x1_0000_0005n, 9n, 0xffff_ffff_0000_0005n, { r0: 5n }),
  { name: "load-acquire and store-release", insns: [...loadImm64(1, 0x1122_3344n), I(0xc3, 10, 1, -8, 0x110), I(0xcb, 0, 10, -8, 0x100), EXIT], want: 0x3344n },
];
