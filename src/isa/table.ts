/**
 * The instruction set in one table (RFC 9669 and what Linux has beyond it: may_goto, gotox, addr_space_cast,
 * load_acquire and store_release). Numbers are those of uapi/linux/bpf.h and bpf_common.h, under their names there.
 */

/** Instruction classes, bits 0–2 of the opcode. */
export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_JMP32 = 0x06;
export const BPF_ALU64 = 0x07;

/** Sizes of memory accesses, bits 3–4. */
export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;
export const BPF_DW = 0x18;

/** Modes of memory accesses, bits 5–7. */
export const BPF_IMM = 0x00;
export const BPF_ABS = 0x20;
export const BPF_IND = 0x40;
export const BPF_MEM = 0x60;
export const BPF_MEMSX = 0x80;
export const BPF_ATOMIC = 0xc0;
/** LDX mode the kernel uses internally for reads that may fault; programs may not contain it. */
export const BPF_PROBE_MEM = 0x20;

/** Source operand, bit 3 of arithmetic and jumps: immediate or register. */
export const BPF_K = 0x00;
export const BPF_X = 0x08;

/** Arithmetic operations, bits 4–7. */
export const BPF_ADD = 0x00;
export const BPF_SUB = 0x10;
export const BPF_MUL = 0x20;
export const BPF_DIV = 0x30;
export const BPF_OR = 0x40;
export const BPF_AND = 0x50;
export const BPF_LSH = 0x60;
export const BPF_RSH = 0x70;
export const BPF_NEG = 0x80;
export const BPF_MOD = 0x90;
export const BPF_XOR = 0xa0;
export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
export const BPF_END = 0xd0;
/** Source bit of BPF_END in class ALU. */
export const BPF_TO_LE = 0x00;
export const BPF_TO_BE = 0x08;

/** Jumps, bits 4–7. */
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;
export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;
export const BPF_JCOND = 0xe0;
/** src of a BPF_JCOND */
export const BPF_MAY_GOTO = 0;

/** Atomic operations, in imm of a STX with mode BPF_ATOMIC: BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, each perhaps with BPF_FETCH, and these. */
export const BPF_FETCH = 0x01;
export const BPF_XCHG = 0xe0 | BPF_FETCH;
export const BPF_CMPXCHG = 0xf0 | BPF_FETCH;
export const BPF_LOAD_ACQ = 0x100;
export const BPF_STORE_REL = 0x110;

/** off of a 64-bit register move that is an address space cast (imm: from << 16 | to) */
export const BPF_ADDR_SPACE_CAST = 1;

/** src of ld_imm64 */
export const BPF_PSEUDO_MAP_FD = 1;
export const BPF_PSEUDO_MAP_VALUE = 2;
export const BPF_PSEUDO_BTF_ID = 3;
export const BPF_PSEUDO_FUNC = 4;
export const BPF_PSEUDO_MAP_IDX = 5;
export const BPF_PSEUDO_MAP_IDX_VALUE = 6;
/** src of call */
export const BPF_PSEUDO_CALL = 1;
export const BPF_PSEUDO_KFUNC_CALL = 2;

export const MAX_BPF_REG = 11;
export const BPF_REG_FP = 10;
/** bytes of a stack frame (MAX_BPF_STACK) */
export const MAX_BPF_STACK = 512;

/** Opcode of `ld_imm64`, the one instruction of two slots. */
export const OP_LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW;
export const OP_CALL = BPF_JMP | BPF_CALL;
export const OP_CALLX = BPF_JMP | BPF_CALL | BPF_X;
export const OP_EXIT = BPF_JMP | BPF_EXIT;
export const OP_JA = BPF_JMP | BPF_JA;
export const OP_JA32 = BPF_JMP32 | BPF_JA;
export const OP_GOTOX = BPF_JMP | BPF_JA | BPF_X;
export const OP_MAY_GOTO = BPF_JMP | BPF_JCOND;

export type AluOp = "add" | "sub" | "mul" | "div" | "or" | "and" | "lsh" | "rsh" | "mod" | "xor" | "mov" | "arsh";
export type JmpOp = "jeq" | "jgt" | "jge" | "jset" | "jne" | "jsgt" | "jsge" | "jlt" | "jle" | "jslt" | "jsle";

/** What an opcode means. `bits` is the width of the operation, `size` the bytes accessed, `reg` whether the source is a register. */
export type OpInfo =
  /** dst = dst OP src; off 1 makes div and mod signed, off 8/16/32 makes mov sign-extend, off 1 on the 64-bit register mov an addr_space_cast */
  | { kind: "alu"; code: number; op: AluOp; symbol: string; bits: 32 | 64; reg: boolean }
  | { kind: "neg"; code: number; bits: 32 | 64 }
  /** byte order; imm is the width: 16, 32 or 64 */
  | { kind: "end"; code: number; op: "le" | "be" | "bswap" }
  | { kind: "jmp"; code: number; op: JmpOp; symbol: string; bits: 32 | 64; reg: boolean }
  /** unconditional jump by off slots, or by imm when `long` (gotol) */
  | { kind: "ja"; code: number; long: boolean }
  /** jump through a register (7.x) */
  | { kind: "gotox"; code: number }
  | { kind: "may_goto"; code: number }
  | { kind: "call"; code: number }
  | { kind: "callx"; code: number }
  | { kind: "exit"; code: number }
  | { kind: "load"; code: number; size: 1 | 2 | 4 | 8; signed: boolean }
  /** `reg`: *(dst + off) = src; otherwise = imm */
  | { kind: "store"; code: number; size: 1 | 2 | 4 | 8; reg: boolean }
  /** operation in imm */
  | { kind: "atomic"; code: number; size: 1 | 2 | 4 | 8 }
  | { kind: "ld_imm64"; code: number }
  /** r0 = packet bytes at imm (ld_abs) or src + imm (ld_ind), in network order */
  | { kind: "ld_abs" | "ld_ind"; code: number; size: 1 | 2 | 4 };

const ALU_OPS: readonly (readonly [number, AluOp, string])[] = [
  [BPF_ADD, "add", "+="], [BPF_SUB, "sub", "-="], [BPF_MUL, "mul", "*="], [BPF_DIV, "div", "/="],
  [BPF_OR, "or", "|="], [BPF_AND, "and", "&="], [BPF_LSH, "lsh", "<<="], [BPF_RSH, "rsh", ">>="],
  [BPF_MOD, "mod", "%="], [BPF_XOR, "xor", "^="], [BPF_MOV, "mov", "="], [BPF_ARSH, "arsh", "s>>="],
];
const JMP_OPS: readonly (readonly [number, JmpOp, string])[] = [
  [BPF_JEQ, "jeq", "=="], [BPF_JGT, "jgt", ">"], [BPF_JGE, "jge", ">="], [BPF_JSET, "jset", "&"], [BPF_JNE, "jne", "!="],
  [BPF_JSGT, "jsgt", "s>"], [BPF_JSGE, "jsge", "s>="], [BPF_JLT, "jlt", "<"], [BPF_JLE, "jle", "<="],
  [BPF_JSLT, "jslt", "s<"], [BPF_JSLE, "jsle", "s<="],
];
const SIZES: readonly (readonly [number, 1 | 2 | 4 | 8])[] = [[BPF_B, 1], [BPF_H, 2], [BPF_W, 4], [BPF_DW, 8]];

function buildTable(): readonly (OpInfo | undefined)[] {
  const table: (OpInfo | undefined)[] = new Array<OpInfo | undefined>(256).fill(undefined);
  const add = (info: OpInfo): void => {
    table[info.code] = info;
  };
  for (const [cls, bits] of [[BPF_ALU, 32], [BPF_ALU64, 64]] as const) {
    for (const [code, op, symbol] of ALU_OPS) {
      add({ kind: "alu", code: cls | code | BPF_K, op, symbol, bits, reg: false });
      add({ kind: "alu", code: cls | code | BPF_X, op, symbol, bits, reg: true });
    }
    add({ kind: "neg", code: cls | BPF_NEG, bits });
  }
  add({ kind: "end", code: BPF_ALU | BPF_END | BPF_TO_LE, op: "le" });
  add({ kind: "end", code: BPF_ALU | BPF_END | BPF_TO_BE, op: "be" });
  add({ kind: "end", code: BPF_ALU64 | BPF_END | BPF_TO_LE, op: "bswap" });
  for (const [cls, bits] of [[BPF_JMP, 64], [BPF_JMP32, 32]] as const) {
    for (const [code, op, symbol] of JMP_OPS) {
      add({ kind: "jmp", code: cls | code | BPF_K, op, symbol, bits, reg: false });
      add({ kind: "jmp", code: cls | code | BPF_X, op, symbol, bits, reg: true });
    }
  }
  add({ kind: "ja", code: OP_JA, long: false });
  add({ kind: "ja", code: OP_JA32, long: true });
  add({ kind: "gotox", code: OP_GOTOX });
  add({ kind: "may_goto", code: OP_MAY_GOTO });
  add({ kind: "call", code: OP_CALL });
  add({ kind: "callx", code: OP_CALLX });
  add({ kind: "exit", code: OP_EXIT });
  for (const [code, size] of SIZES) {
    add({ kind: "load", code: BPF_LDX | BPF_MEM | code, size, signed: false });
    if (size !== 8) add({ kind: "load", code: BPF_LDX | BPF_MEMSX | code, size, signed: true });
    add({ kind: "store", code: BPF_STX | BPF_MEM | code, size, reg: true });
    add({ kind: "store", code: BPF_ST | BPF_MEM | code, size, reg: false });
    add({ kind: "atomic", code: BPF_STX | BPF_ATOMIC | code, size });
    if (size !== 8) {
      add({ kind: "ld_abs", code: BPF_LD | BPF_ABS | code, size });
      add({ kind: "ld_ind", code: BPF_LD | BPF_IND | code, size });
    }
  }
  add({ kind: "ld_imm64", code: OP_LD_IMM64 });
  return table;
}

/** Meaning by opcode byte; undefined where the opcode means nothing. */
export const OPCODES: readonly (OpInfo | undefined)[] = buildTable();

/** Class of an opcode: BPF_LD … BPF_ALU64. */
export function bpfClass(code: number): number {
  return code & 0x07;
}
/** Operation of an arithmetic or jump opcode: BPF_ADD … BPF_JCOND. */
export function bpfOp(code: number): number {
  return code & 0xf0;
}
/** BPF_K or BPF_X. */
export function bpfSrc(code: number): number {
  return code & 0x08;
}
/** BPF_W, BPF_H, BPF_B or BPF_DW. */
export function bpfSize(code: number): number {
  return code & 0x18;
}
/** BPF_IMM … BPF_ATOMIC. */
export function bpfMode(code: number): number {
  return code & 0xe0;
}
/** Bytes of a memory access with that opcode. */
export function accessBytes(code: number): 1 | 2 | 4 | 8 {
  switch (code & 0x18) {
    case BPF_W:
      return 4;
    case BPF_H:
      return 2;
    case BPF_B:
      return 1;
    default:
      return 8;
  }
}
