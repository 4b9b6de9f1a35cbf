/** May a register be read or written here? (kernel check_reg_arg) */
import {
  BPF_ALU, BPF_ALU64, BPF_CALL, BPF_DW, BPF_END, BPF_EXIT, BPF_IMM, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MEMSX, BPF_PSEUDO_CALL, BPF_ST, BPF_STX,
  bpfClass, bpfMode, bpfOp, bpfSize,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import { BPF_REG_FP, type FuncState } from "../state/frame.ts";
import { markRegNotInit, markRegUnknown, type RegState } from "../state/reg-state.ts";
import { NOT_INIT, SCALAR_VALUE } from "../state/reg-type.ts";
import { markRegRead, markRegWritten } from "../passes/live-marks.ts";

/** Does the instruction use all 64 bits of that operand? (kernel is_reg64) */
function isReg64(insn: Insn, reg: RegState, source: boolean): boolean {
  const cls = bpfClass(insn.code), op = bpfOp(insn.code);
  if (cls === BPF_JMP) {
    if (op === BPF_EXIT) return true;
    if (op === BPF_CALL) return insn.src === BPF_PSEUDO_CALL ? false : source;
  }
  if (cls === BPF_ALU64 && op === BPF_END && (insn.imm === 16 || insn.imm === 32)) return false;
  if (cls === BPF_ALU64 || cls === BPF_JMP || (cls === BPF_ALU && op === BPF_END && insn.imm === 64)) return true;
  if (cls === BPF_ALU || cls === BPF_JMP32) return false;
  if (cls === BPF_LDX) return source || bpfSize(insn.code) === BPF_DW || bpfMode(insn.code) === BPF_MEMSX;
  if (cls === BPF_STX) return (source && reg.type !== SCALAR_VALUE) || bpfSize(insn.code) === BPF_DW;
  if (cls === BPF_LD) return bpfMode(insn.code) === BPF_IMM || source;
  return cls === BPF_ST || true;
}

/** The register is read: it must be initialised. Gives it. */
export function checkRegRead(env: Env, regno: number): RegState {
  return checkRegReadIn(env, env.cur, regno);
}
export function checkRegReadIn(env: Env, frame: FuncState, regno: number): RegState {
  env.markRegScratched(regno);
  const reg = frame.regs[regno]!;
  if (reg.type === NOT_INIT) env.fail("EACCES", `R${regno} !read_ok`);
  if (regno === BPF_REG_FP) return reg;
  const rw64 = isReg64(env.insn, reg, true);
  if (rw64 && reg.subregDef !== 0) {
    const m = frame.mut(regno);
    m.subregDef = 0;
    if (env.f.live_marks) markRegRead(env, m, true);
    return m;
  }
  if (env.f.live_marks) markRegRead(env, reg, rw64);
  return reg;
}
/** The register is written. `mark`: its value is unknown until the instruction says otherwise. */
export function checkRegWrite(env: Env, regno: number, mark: boolean): RegState {
  return checkRegWriteIn(env, env.cur, regno, mark);
}
export function checkRegWriteIn(env: Env, frame: FuncState, regno: number, mark: boolean): RegState {
  env.markRegScratched(regno);
  if (regno === BPF_REG_FP) env.fail("EACCES", "frame pointer is read only");
  const reg = frame.mut(regno);
  if (env.f.live_marks) markRegWritten(reg);
  reg.subregDef = isReg64(env.insn, reg, false) ? 0 : env.insnIdx + 1;
  if (mark) markUnknown(env, reg);
  return reg;
}
/** Kernel __mark_reg_unknown. */
export function markUnknown(env: Env, reg: RegState): void {
  markRegUnknown(reg, !env.bpfCapable);
}
export function markNotInit(env: Env, reg: RegState): void {
  markRegNotInit(reg, !env.bpfCapable);
}
/** r0 … r5 lose their values in a call. `printed`: they count as changed where changes are printed. */
export function clearCallerSaved(env: Env, frame: FuncState, printed = true): void {
  const before = env.scratchedRegs;
  for (let i = 0; i <= 5; i++) {
    markNotInit(env, frame.mut(i));
    checkRegWriteIn(env, frame, i, false);
  }
  if (!printed) env.scratchedRegs = before;
}
/** Is it a pointer that must not leak? (kernel is_pointer_value) */
export const isPointerValue = (env: Env, reg: RegState): boolean => !env.allowPtrLeaks && reg.type !== SCALAR_VALUE;
