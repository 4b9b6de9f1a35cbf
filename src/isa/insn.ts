import { err, ok, type Result } from "../base/result.ts";
import type { Insn } from "./types.ts";
import {
  BPF_ADDR_SPACE_CAST, BPF_ALU64, BPF_CALL, BPF_JMP, BPF_JMP32, BPF_MOV, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL,
  BPF_X, OP_CALL, OP_EXIT, OP_JA, OP_JA32, OP_LD_IMM64, OPCODES, bpfClass, bpfOp,
} from "./table.ts";

export interface DecodeError {
  message: string;
  /** byte offset */
  offset: number;
}

/** Bytes of one instruction slot. */
export const INSN_SIZE = 8;

/**
 * Decodes little-endian instruction slots (RFC 9669 section 3.1). Only the length is checked: a multiple of 8.
 * Meaningless opcodes are kept; judging them is the verifier's task.
 */
export function decodeInsns(bytes: Uint8Array): Result<Insn[], DecodeError> {
  if (bytes.length % INSN_SIZE !== 0) {
    return err({ message: `${bytes.length} bytes of instructions are no multiple of ${INSN_SIZE}`, offset: bytes.length - (bytes.length % INSN_SIZE) });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / INSN_SIZE;
  const insns = new Array<Insn>(count);
  for (let i = 0; i < count; i++) {
    const at = i * INSN_SIZE;
    const regs = view.getUint8(at + 1);
    insns[i] = { code: view.getUint8(at), dst: regs & 0x0f, src: regs >> 4, off: view.getInt16(at + 2, true), imm: view.getInt32(at + 4, true) };
  }
  return ok(insns);
}

/** The inverse of `decodeInsns`; off and imm are wrapped to their 16 and 32 bits. */
export function encodeInsns(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * INSN_SIZE);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const insn of insns) {
    view.setUint8(at, insn.code);
    view.setUint8(at + 1, (insn.dst & 0x0f) | ((insn.src & 0x0f) << 4));
    view.setInt16(at + 2, insn.off, true);
    view.setInt32(at + 4, insn.imm, true);
    at += INSN_SIZE;
  }
  return bytes;
}

/** First slot of the two-slot load of a 64-bit immediate, map, function or BTF object. */
export function isLdImm64(insn: Insn): boolean {
  return insn.code === OP_LD_IMM64;
}
/** Call of a helper by number in imm. */
export function isHelperCall(insn: Insn): boolean {
  return insn.code === OP_CALL && insn.src === 0;
}
/** Call of a function of the same program; target is the slot after it plus imm. */
export function isSubprogCall(insn: Insn): boolean {
  return insn.code === OP_CALL && insn.src === BPF_PSEUDO_CALL;
}
/** Call of a kernel function by BTF id in imm, module index in off. */
export function isKfuncCall(insn: Insn): boolean {
  return insn.code === OP_CALL && insn.src === BPF_PSEUDO_KFUNC_CALL;
}
/** ld_imm64 of a function's address (callback); target is the slot plus imm plus one. */
export function isPseudoFunc(insn: Insn): boolean {
  return insn.code === OP_LD_IMM64 && insn.src === BPF_PSEUDO_FUNC;
}
export function isExit(insn: Insn): boolean {
  return insn.code === OP_EXIT;
}
export function isJump(insn: Insn): boolean {
  const cls = bpfClass(insn.code);
  return (cls === BPF_JMP || cls === BPF_JMP32) && bpfOp(insn.code) !== BPF_CALL && insn.code !== OP_EXIT;
}
export function isAddrSpaceCast(insn: Insn): boolean {
  return insn.code === (BPF_ALU64 | BPF_MOV | BPF_X) && insn.off === BPF_ADDR_SPACE_CAST;
}
/** Slots a jump moves by, counted from the slot after it; undefined when it is no direct jump. */
export function jumpOffset(insn: Insn): number | undefined {
  const info = OPCODES[insn.code];
  if (insn.code === OP_JA32) return insn.imm;
  if (insn.code === OP_JA || info?.kind === "jmp" || info?.kind === "may_goto") return insn.off;
  return undefined;
}
/** The 64-bit immediate of the ld_imm64 whose first slot stands at idx, unsigned; undefined when the second slot is missing. */
export function imm64(insns: readonly Insn[], idx: number): bigint | undefined {
  const low = insns[idx];
  const high = insns[idx + 1];
  if (!low || !high) return undefined;
  return (BigInt.asUintN(32, BigInt(high.imm)) << 32n) | BigInt.asUintN(32, BigInt(low.imm));
}
