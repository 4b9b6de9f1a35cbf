import type { Insn } from "../../isa/types.ts";

/**
 * Programs are decoded once into four 32-bit words an instruction slot:
 *
 *     word 0: operation | dst*2 << 16 | src*2 << 24   (registers are pairs of 32-bit halves)
 *     word 1: offset of a memory access, or slot to jump to, or high half of ld_imm64
 *     word 2: immediate, or low half of ld_imm64, or index of a call site
 *     word 3: unused
 *
 * An operation is the opcode byte of RFC 9669; where offset, source register or immediate select another one, bits above the
 * byte tell them apart (list below). Whatever no kernel would accept becomes ILLEGAL, which is a fault when it is reached.
 */
export const Op = {
  /** signed division and modulo, sign-extending moves: 0x100 + opcode for offset 1 (or 8), 0x200 for 16, 0x300 for 32 */
  VARIANT1: 0x100, VARIANT2: 0x200, VARIANT3: 0x300,
  CALL_SUBPROG: 0x185,
  CALL_KFUNC: 0x285,
  TAIL_CALL: 0x385,
  ILLEGAL: 0x3ff,
} as const;

export const WORDS = 4;

/** What predecoding must know from outside: the machine's addresses and functions. */
export interface Linker {
  /** value of a ld_imm64 whose src is not 0; a string says why there is none */
  pseudo(slot: number, src: number, imm: number, imm2: number): bigint | string;
  /** word 2 of a helper call; TAIL when it is bpf_tail_call */
  helper(slot: number, id: number): number | "tail";
  kfunc(slot: number, btfId: number, off: number): number;
}

export interface Decoded {
  /** WORDS per slot; one ILLEGAL slot more than the program has */
  code: Int32Array;
  slots: number;
  /** messages for ILLEGAL slots */
  illegal: ReadonlyMap<number, string>;
}

const JUMP_OPS = new Set([0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]);
const ALU_OPS = new Set([0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0]);

/** Decodes a program; never fails: what is not an instruction becomes ILLEGAL. */
export function predecode(insns: readonly Insn[], linker: Linker): Decoded {
  const slots = insns.length;
  const code = new Int32Array((slots + 1) * WORDS);
  const illegal = new Map<number, string>();
  const put = (slot: number, op: number, dst: number, src: number, w1: number, w2: number): void => {
    code[slot * WORDS] = op | (dst * 2) << 16 | (src * 2) << 24;
    code[slot * WORDS + 1] = w1;
    code[slot * WORDS + 2] = w2;
  };
  const bad = (slot: number, why: string): void => {
    illegal.set(slot, why);
    put(slot, Op.ILLEGAL, 0, 0, 0, 0);
  };
  const target = (slot: number, distance: number): number => {
    const to = slot + 1 + distance;
    return to >= 0 && to < slots ? to : slots;
  };
  bad(slots, "execution left the program");

  for (let i = 0; i < slots; i++) {
    const insn = insns[i]!;
    const { code: op, dst, src, off, imm } = insn;
    if (dst > 10 && op !== 0) {
      bad(i, `register r${dst} does not exist`);
      continue;
    }
    if (op === 0x18) {
      const high = insns[i + 1];
      if (!high || high.code !== 0) {
        bad(i, "ld_imm64 has no second half");
        continue;
      }
      if (src === 0) {
        put(i, 0x18, dst, 0, high.imm, imm);
      } else {
        const value = linker.pseudo(i, src, imm, high.imm);
        if (typeof value === "string") bad(i, value);
        else put(i, 0x18, dst, 0, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
      }
      bad(i + 1, "jump into the middle of ld_imm64");
      i++;
      continue;
    }
    const kind = op & 7;
    const usesSrc = (kind >= 4 && kind !== 5 && kind !== 6 && (op & 8) !== 0) || kind === 1 || kind === 3 || ((kind === 5 || kind === 6) && (op & 8) !== 0 && op !== 0x8d && op !== 0x0d);
    if (usesSrc && src > 10) {
      bad(i, `register r${src} does not exist`);
      continue;
    }
    switch (kind) {
      case 0: {
        const mode = op & 0xe0;
        const size = op & 0x18;
        if ((mode === 0x20 || mode === 0x40) && size !== 0x18) put(i, op, dst, src > 10 ? 0 : src, 0, imm);
        else bad(i, `opcode 0x${op.toString(16)} is unknown`);
        break;
      }
      case 1: {
        const mode = op & 0xe0;
        if (mode === 0x60 || (mode === 0x80 && (op & 0x18) !== 0x18)) put(i, op, dst, src, off, 0);
        else bad(i, `opcode 0x${op.toString(16)} is unknown`);
        break;
      }
      case 2:
        if ((op & 0xe0) === 0x60) put(i, op, dst, 0, off, imm);
        else bad(i, `opcode 0x${op.toString(16)} is unknown`);
        break;
      case 3: {
        const mode = op & 0xe0;
        if (mode === 0x60) put(i, op, dst, src, off, imm);
        else if (mode === 0xc0 && atomicKnown(op, imm)) put(i, op, dst, src, off, imm);
        else bad(i, mode === 0xc0 ? `atomic operation 0x${(imm >>> 0).toString(16)} is unknown` : `opcode 0x${op.toString(16)} is unknown`);
        break;
      }
      case 4: case 7: {
        const alu = op & 0xf0;
        if (!ALU_OPS.has(alu)) {
          bad(i, `opcode 0x${op.toString(16)} is unknown`);
          break;
        }
        const variant = aluVariant(op, off, imm);
        if (typeof variant === "string") bad(i, variant);
        else put(i, op | variant, dst, alu === 0xd0 || (op & 8) === 0 ? 0 : src, off, imm);
        break;
      }
      default: {
        const jump = op & 0xf0;
        const wide = kind === 6;
        if (op === 0x05) put(i, 0x05, 0, 0, target(i, off), 0);
        else if (op === 0x06) put(i, 0x05, 0, 0, target(i, imm), 0);
        else if (op === 0x0d) put(i, 0x0d, dst, 0, 0, 0);
        else if (op === 0x8d) put(i, 0x8d, dst, 0, 0, 0);
        else if (op === 0x95) put(i, 0x95, 0, 0, 0, 0);
        else if (op === 0xe5) {
          if (src === 0) put(i, 0xe5, 0, 0, target(i, off), 0);
          else bad(i, "this conditional jump (JCOND) is unknown");
        } else if (op === 0x85) {
          if (src === 0) {
            const site = linker.helper(i, imm);
            if (site === "tail") put(i, Op.TAIL_CALL, 0, 0, 0, 0);
            else put(i, 0x85, 0, 0, 0, site);
          } else if (src === 1) put(i, Op.CALL_SUBPROG, 0, 0, target(i, imm), 0);
          else if (src === 2) put(i, Op.CALL_KFUNC, 0, 0, 0, linker.kfunc(i, imm, off));
          else bad(i, `call of kind ${src} is unknown`);
        } else if (JUMP_OPS.has(jump)) put(i, op, dst, (op & 8) !== 0 ? src : 0, target(i, off), imm);
        else bad(i, `opcode 0x${op.toString(16)} is unknown${wide ? " (JMP32)" : ""}`);
      }
    }
  }
  return { code, slots, illegal };
}

/** Bits that tell variants of one ALU opcode apart, by the offset field (RFC 9669 section 4.1 and 4.2). */
function aluVariant(op: number, off: number, imm: number): number | string {
  const alu = op & 0xf0;
  const wide = (op & 7) === 7;
  if (alu === 0x30 || alu === 0x90) return off === 0 ? 0 : off === 1 ? Op.VARIANT1 : `division with offset ${off} is unknown`;
  if (alu === 0xb0 && (op & 8) !== 0) {
    if (off === 0) return 0;
    if (off === 8) return Op.VARIANT1;
    if (off === 16) return Op.VARIANT2;
    if (off === 32 && wide) return Op.VARIANT3;
    if (off === 1 && wide) return "addr_space_cast: arena maps are not simulated";
    return `move with offset ${off} is unknown`;
  }
  if (alu === 0xd0) {
    if (imm !== 16 && imm !== 32 && imm !== 64) return `byte swap of ${imm} bits is unknown`;
    if (wide && (op & 8) !== 0) return `opcode 0x${op.toString(16)} is unknown`;
    return imm === 16 ? 0 : imm === 32 ? Op.VARIANT1 : Op.VARIANT2;
  }
  if (alu === 0x80 && (op & 8) !== 0) return `opcode 0x${op.toString(16)} is unknown`;
  return 0;
}

function atomicKnown(op: number, imm: number): boolean {
  if (imm === 0x100 || imm === 0x110) return true;
  const size = op & 0x18;
  if (size !== 0x00 && size !== 0x18) return false;
  return [0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1].includes(imm);
}
