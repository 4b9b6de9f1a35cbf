/**
 * Precision as releases before 6.4 trace it: registers and stack slots of one frame only. Where the path leaves the
 * function, every scalar of every earlier checkpoint becomes precise (kernel __mark_chain_precision of 5.10 and 6.1).
 */
import {
  BPF_ABS, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_CMPXCHG, BPF_END, BPF_EXIT, BPF_IND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MOV, BPF_NEG, BPF_ST, BPF_STX,
  BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import type { Env } from "../state/env.ts";
import { BPF_MAIN_FUNC, BPF_REG_FP, isSpilledReg } from "../state/frame.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import { isAsyncCallbackCalling, isAtomicFetch, isHelperCall, isKfuncCall, isPseudoCall, isSyncCallbackCalling } from "./insn-info.ts";
import { previousInsn } from "./jmp-history.ts";

/** What still has to be found: bits of registers and of stack slots. */
interface Wanted { regs: number; slots: bigint }

const ARGS_MASK = 0x3e;
const CALLER_SAVED = 0x3f;
const slotBit = (env: Env, off: number): bigint => {
  const spi = Math.trunc((-off - 1) / 8);
  if (spi < 0 || spi >= 64) env.bug(`BUG spi ${spi}`);
  return 1n << BigInt(spi);
};
const loud = (env: Env): boolean => (env.f.log_precision_level2 ? env.log.level2 : env.log.verbose);

/** False: cannot tell (the kernel's -ENOTSUPP). */
function backtrackInsn(env: Env, idx: number, want: Wanted): boolean {
  const insn = env.insns[idx]!;
  if (insn.code === 0) return true;
  if (loud(env)) env.verbose(`regs=${want.regs.toString(16)} stack=${want.slots.toString(16)} before ${idx}: ${env.log.insnText(idx)}\n`);
  const cls = bpfClass(insn.code), op = bpfOp(insn.code), mode = bpfMode(insn.code);
  const byReg = bpfSrc(insn.code) === BPF_X;
  const dst = 1 << insn.dst, src = 1 << insn.src;
  const fetch = isAtomicFetch(insn) && env.f.disasm_atomics;
  if (cls === BPF_ALU || cls === BPF_ALU64) {
    if (!(want.regs & dst) || op === BPF_END || op === BPF_NEG) return true;
    if (op === BPF_MOV) want.regs &= ~dst;
    if (byReg) want.regs |= src;
  } else if (cls === BPF_LDX || fetch) {
    const load = fetch ? (insn.imm === BPF_CMPXCHG ? 1 : src) : dst;
    if (!(want.regs & load)) return true;
    want.regs &= ~load;
    if ((fetch ? insn.dst : insn.src) === BPF_REG_FP) want.slots |= slotBit(env, insn.off);
  } else if (cls === BPF_STX || cls === BPF_ST) {
    if (want.regs & dst) return false;
    if (insn.dst !== BPF_REG_FP) return true;
    const bit = slotBit(env, insn.off);
    if (!(want.slots & bit)) return true;
    want.slots &= ~bit;
    if (cls === BPF_STX) want.regs |= src;
  } else if (cls === BPF_JMP || cls === BPF_JMP32) {
    if (op === BPF_CALL) {
      if (isPseudoCall(insn) || (isKfuncCall(insn) && insn.imm === 0)) return false;
      if (isHelperCall(insn) && (isSyncCallbackCalling(env, insn) || isAsyncCallbackCalling(env, insn))) return false;
      want.regs &= ~1;
      if (want.regs & CALLER_SAVED) env.bug(`BUG regs ${want.regs.toString(16)}`);
    } else if (op === BPF_EXIT) return false;
    else if (byReg && want.regs & (dst | src)) want.regs |= dst | src;
  } else if (cls === BPF_LD) {
    if (!(want.regs & dst)) return true;
    want.regs &= ~dst;
    if (mode === BPF_IND || mode === BPF_ABS) return false;
  }
  return true;
}

/** Every scalar of the checkpoints before `st` becomes precise. */
function markAllBefore(st: VState): void {
  for (let p = st.parent; p; p = p.parent)
    for (let i = 0; i <= p.curframe; i++) {
      const func = p.frames[i]!;
      for (let j = 0; j < BPF_REG_FP; j++) if (func.regs[j]!.type === SCALAR_VALUE && !func.regs[j]!.precise) func.mut(j).precise = true;
      for (let j = 0; j < func.stack.length; j++) {
        const slot = func.stack[j]!;
        if (isSpilledReg(slot) && slot.spilled.type === SCALAR_VALUE && !slot.spilled.precise) func.mutSpilled(j).precise = true;
      }
    }
}

/** Marks what is wanted in a checkpoint; what is no scalar there is settled. `"new"`: a mark was new; `"unknown"`: a slot does not exist there. */
function markCheckpoint(st: VState, frame: number, want: Wanted): "new" | "old" | "unknown" {
  const func = st.frames[frame]!;
  let fresh = false;
  for (let i = 0; i < BPF_REG_FP; i++) {
    if (!(want.regs & (1 << i))) continue;
    const reg = func.regs[i]!;
    if (reg.type !== SCALAR_VALUE) want.regs &= ~(1 << i);
    else if (!reg.precise) {
      fresh = true;
      func.mut(i).precise = true;
    }
  }
  want.regs &= (1 << BPF_REG_FP) - 1;
  for (let i = 0; want.slots >> BigInt(i) !== 0n; i++) {
    if (!(want.slots & (1n << BigInt(i)))) continue;
    const slot = func.stack[i];
    if (!slot) return "unknown";
    if (!isSpilledReg(slot) || slot.spilled.type !== SCALAR_VALUE) want.slots &= ~(1n << BigInt(i));
    else if (!slot.spilled.precise) {
      fresh = true;
      func.mutSpilled(i).precise = true;
    }
  }
  return fresh ? "new" : "old";
}

/** The arguments of a global function are where its verification begins. */
function atEntry(env: Env, st: VState, want: Wanted): void {
  const f = st.frames[0]!;
  if (st.curframe !== 0 || f.subprogno === 0 || f.callsite !== BPF_MAIN_FUNC || want.slots !== 0n || want.regs & ~ARGS_MASK)
    env.bug(`BUG backtracing func entry subprog ${f.subprogno} reg_mask ${want.regs.toString(16)} stack_mask ${want.slots.toString(16)}`);
  for (let i = 1; i <= 5; i++) if (want.regs & (1 << i) && f.regs[i]!.type === SCALAR_VALUE) f.mut(i).precise = true;
}

/** One register (or, with `slot`, one stack slot) of a frame of the current state must be known exactly. */
export function markChainPrecisionSingle(env: Env, frame: number, regno: number, slot = -1): void {
  if (!env.bpfCapable) return;
  let st = env.curState;
  const func = st.frames[frame]!;
  const want: Wanted = { regs: regno >= 0 ? 1 << regno : 0, slots: 0n };
  if (regno >= 0 && func.regs[regno]!.type !== SCALAR_VALUE) env.bug("backtracing misuse");
  const spilled = slot >= 0 ? func.stack[slot] : undefined;
  if (spilled && isSpilledReg(spilled) && spilled.spilled.type === SCALAR_VALUE) want.slots = 1n << BigInt(slot);
  if (!want.regs && !want.slots) return;
  let first = st.firstInsnIdx, last = env.insnIdx;
  let skip = true;
  for (;;) {
    const history = { at: st.jmpHistory };
    if (loud(env)) env.verbose(`last_idx ${last} first_idx ${first}\n`);
    if (last < 0) return atEntry(env, st, want);
    for (let i = last; ; ) {
      if (skip) skip = false;
      else if (!backtrackInsn(env, i, want)) return markAllBefore(st);
      if (!want.regs && !want.slots) return;
      i = i === first && !env.f.history_past_start ? -1 : previousInsn(st, i, history);
      if (i === -1) break;
      if (i < 0 || i >= env.insns.length) env.bug(`BUG backtracking idx ${i}`);
    }
    if (!st.parent) return;
    st = st.parent;
    const marks = markCheckpoint(st, frame, want);
    if (marks === "unknown") return markAllBefore(st);
    if (loud(env)) {
      const text = `parent ${marks === "new" ? "didn't have" : "already had"} regs=${want.regs.toString(16)} stack=${want.slots.toString(16)} marks`;
      if (env.f.log_changes_only) env.verbose(`${text}:`);
      env.log.state(st, frame, true);
      if (!env.f.log_changes_only) env.verbose(`${text}\n`);
    }
    if ((!want.regs && !want.slots) || marks === "old") return;
    last = st.lastInsnIdx;
    first = st.firstInsnIdx;
  }
}
