import { err, ok, type Result } from "../base/result.ts";
import { s64, u64 } from "../base/u64.ts";
import {
  BPF_ALU, BPF_ALU64, BPF_B, BPF_CALL, BPF_DW, BPF_H, BPF_JMP, BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_W, BPF_X, OP_LD_IMM64,
  accessBytes, bpfClass, bpfMode, bpfSrc,
} from "../isa/table.ts";
import type { Insn } from "../isa/types.ts";
import type { CoreResult } from "./core-relo.ts";
import { EINVAL } from "./core-spec.ts";

const ERANGE = -34;
/** "bad relo": helper number in place of an instruction that could not be relocated */
export const POISON_CORE = 0xbad2310;

/**
 * Writes a relocation's result into the instruction at idx (libbpf bpf_core_patch_insn). `insns` is changed in place;
 * the error is a negative errno after `warn` got libbpf's line. `prefix` is "prog 'x': relo #3".
 */
export function patchInsn(insns: Insn[], idx: number, result: CoreResult, prefix: string, warn: (line: string) => void): Result<true, number> {
  const insn = insns[idx];
  if (!insn) return err(EINVAL);
  switch (bpfClass(insn.code)) {
    case BPF_ALU:
    case BPF_ALU64:
      if (bpfSrc(insn.code) === BPF_X) break;
      if (result.poison) return poison(insns, idx);
      if (result.validate && u64(BigInt(insn.imm)) !== result.origVal) {
        warn(`${prefix}: unexpected insn #${idx} (ALU/ALU64) value: got ${insn.imm >>> 0}, exp ${result.origVal} -> ${result.newVal}`);
        return err(EINVAL);
      }
      insns[idx] = { ...insn, imm: low32(result.newVal) };
      return ok(true);
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return patchAccess(insns, idx, insn, result, prefix, warn);
    case BPF_LD: {
      const second = insns[idx + 1];
      const plain = (one: Insn | undefined): boolean => one !== undefined && one.code === 0 && one.dst === 0 && one.src === 0 && one.off === 0;
      if (insn.code !== OP_LD_IMM64 || insn.src !== 0 || insn.off !== 0 || !second || !plain(second)) {
        warn(`${prefix}: insn #${idx} (LDIMM64) has unexpected form`);
        return err(EINVAL);
      }
      if (result.poison) return poison(insns, idx);
      const imm = (BigInt(second.imm >>> 0) << 32n) | BigInt(insn.imm >>> 0);
      if (result.validate && imm !== result.origVal) {
        warn(`${prefix}: unexpected insn #${idx} (LDIMM64) value: got ${imm}, exp ${result.origVal} -> ${result.newVal}`);
        return err(EINVAL);
      }
      insns[idx] = { ...insn, imm: low32(result.newVal) };
      insns[idx + 1] = { ...second, imm: low32(result.newVal >> 32n) };
      return ok(true);
    }
  }
  const hex = (value: number): string => (value >>> 0).toString(16);
  warn(`${prefix}: trying to relocate unrecognized insn #${idx}, code:0x${hex(insn.code)}, src:0x${hex(insn.src)}, dst:0x${hex(insn.dst)}, off:0x${hex(insn.off)}, imm:0x${hex(insn.imm)}`);
  return err(EINVAL);
}

function patchAccess(insns: Insn[], idx: number, insn: Insn, result: CoreResult, prefix: string, warn: (line: string) => void): Result<true, number> {
  if (result.poison) return poison(insns, idx);
  if (result.validate && u64(BigInt(insn.off)) !== result.origVal) {
    warn(`${prefix}: unexpected insn #${idx} (LDX/ST/STX) value: got ${insn.off}, exp ${result.origVal} -> ${result.newVal}`);
    return err(EINVAL);
  }
  if (result.newVal > 32767n) {
    warn(`${prefix}: insn #${idx} (LDX/ST/STX) value too big: ${result.newVal}`);
    return err(ERANGE);
  }
  if (result.failMemSizeAdjust) {
    warn(`${prefix}: insn #${idx} (LDX/ST/STX) accesses field incorrectly. Make sure you are accessing pointers, unsigned integers, or fields of matching type and size.`);
    return poison(insns, idx);
  }
  let code = insn.code;
  if (result.newSize !== result.origSize) {
    if (accessBytes(code) !== result.origSize) {
      warn(`${prefix}: insn #${idx} (LDX/ST/STX) unexpected mem size: got ${accessBytes(code)}, exp ${result.origSize}`);
      return err(EINVAL);
    }
    const size = new Map<number, number>([[8, BPF_DW], [4, BPF_W], [2, BPF_H], [1, BPF_B]]).get(result.newSize);
    if (size === undefined) {
      warn(`${prefix}: insn #${idx} (LDX/ST/STX) invalid new mem size: ${result.newSize}`);
      return err(EINVAL);
    }
    code = bpfMode(code) | size | bpfClass(code);
  }
  insns[idx] = { ...insn, code, off: Number(s64(result.newVal)) };
  return ok(true);
}

/** Turns the instruction into a call of a helper that cannot exist, so that only reachable ones are refused (bpf_core_poison_insn). */
function poison(insns: Insn[], idx: number): Result<true, number> {
  const slots = insns[idx]?.code === OP_LD_IMM64 ? 2 : 1;
  for (let i = 0; i < slots; i++) insns[idx + i] = { code: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm: POISON_CORE };
  return ok(true);
}

function low32(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
