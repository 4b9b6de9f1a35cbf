/**
 * Precision: which scalars' exact values mattered, traced back over the path and its checkpoints
 * (kernel mark_chain_precision, backtrack_insn).
 */
import {
  BPF_ABS, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_CMPXCHG, BPF_END, BPF_EXIT, BPF_IMM, BPF_IND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MOV, BPF_NEG,
  BPF_ST, BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import type { Env } from "../state/env.ts";
import { BPF_MAIN_FUNC, BPF_REG_FP, isSpilledReg, isSpilledScalarReg } from "../state/frame.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import {
  INSN_F_DST_REG_STACK, INSN_F_SRC_REG_STACK, INSN_F_STACK_ACCESS, INSN_F_STACK_ARG_ACCESS, type JmpHistoryEntry, type VState,
} from "../state/state.ts";
import { markChainPrecisionSingle } from "./backtrack-single.ts";
import { previousInsn } from "./jmp-history.ts";
import { helperName, isAtomicFetch, isAtomicLoad, isHelperCall, isKfuncCall, isPseudoCall, isSyncCallbackCalling } from "./insn-info.ts";

const ARGS_MASK = 0x3e;

/** Linked registers gained their range together: one precise makes all precise. */
function syncLinkedRegs(env: Env, hist: JmpHistoryEntry | undefined): void {
  const linked = hist?.linked;
  if (!linked) return;
  const { bt } = env;
  if (!linked.some((e) => (e.isReg ? bt.frameRegSet(e.frame, e.index) : bt.frameSlotSet(e.frame, e.index)))) return;
  for (const e of linked) {
    if (e.isReg) bt.setFrameReg(e.frame, e.index);
    else bt.setFrameSlot(e.frame, e.index);
  }
}

function fmtRegs(mask: number): string {
  const out: string[] = [];
  for (let i = 0; i < 32; i++) if (mask & (1 << i)) out.push(`r${i}`);
  return out.join(",");
}
export function fmtSlots(mask: bigint): string {
  const out: string[] = [];
  for (let i = 0; i < 64; i++) if (mask & (1n << BigInt(i))) out.push(`${-(i + 1) * 8}`);
  return out.join(",");
}

/** False: give up and make all scalars precise (the kernel's -ENOTSUPP). */
function backtrackInsn(env: Env, idx: number, subseqIdx: number, hist: JmpHistoryEntry | undefined): boolean {
  const { bt } = env;
  const insn = env.insns[idx]!;
  if (insn.code === 0) return true;
  if (env.log.level2)
    env.verbose(`mark_precise: frame${bt.frame}: regs=${fmtRegs(bt.regMask)} stack=${fmtSlots(bt.stackMask)} before ${idx}: ${env.log.insnText(idx)}\n`);
  syncLinkedRegs(env, hist);
  const cls = bpfClass(insn.code), op = bpfOp(insn.code), mode = bpfMode(insn.code);
  const byReg = bpfSrc(insn.code) === BPF_X;
  switch (cls) {
    case BPF_ALU:
    case BPF_ALU64:
      if (!bt.regSet(insn.dst)) return true;
      if (op === BPF_END || op === BPF_NEG) return true;
      if (op === BPF_MOV) {
        bt.clearReg(insn.dst);
        if (byReg && insn.src !== BPF_REG_FP) bt.setReg(insn.src);
      } else if (byReg && insn.src !== BPF_REG_FP) bt.setReg(insn.src);
      break;
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      if (cls === BPF_LDX || isAtomicLoad(insn) || (env.f.backtrack_atomic_fetch && isAtomicFetch(insn))) {
        const load = isAtomicFetch(insn) ? (insn.imm === BPF_CMPXCHG ? 0 : insn.src) : insn.dst;
        if (!bt.regSet(load)) return true;
        bt.clearReg(load);
        if (hist && hist.flags & INSN_F_STACK_ARG_ACCESS) {
          bt.setFrameStackArg(bt.frame - 1, hist.spi);
          return true;
        }
        if (!env.f.stack_access_history) {
          // before 6.8 only accesses through r10 are followed
          if (insn.src !== BPF_REG_FP) return true;
          const spi = Math.trunc((-insn.off - 1) / 8);
          if (spi >= 64) env.bug(`unknown stack slot ${spi}`);
          bt.setFrameSlot(bt.frame, spi);
          return true;
        }
        if (!hist || !(hist.flags & INSN_F_STACK_ACCESS)) return true;
        bt.setFrameSlot(hist.frame, hist.spi);
        break;
      }
      if (bt.regSet(insn.dst)) return false;
      if (hist && hist.flags & INSN_F_STACK_ARG_ACCESS) {
        if (!bt.frameStackArgSet(bt.frame, hist.spi)) return true;
        bt.clearFrameStackArg(bt.frame, hist.spi);
        if (cls === BPF_STX) bt.setReg(insn.src);
        return true;
      }
      if (!env.f.stack_access_history) {
        if (insn.dst !== BPF_REG_FP) return true;
        const spi = Math.trunc((-insn.off - 1) / 8);
        if (!bt.frameSlotSet(bt.frame, spi)) return true;
        bt.clearFrameSlot(bt.frame, spi);
        if (cls === BPF_STX) bt.setReg(insn.src);
        return true;
      }
      if (!hist || !(hist.flags & INSN_F_STACK_ACCESS)) return true;
      if (!bt.frameSlotSet(hist.frame, hist.spi)) return true;
      bt.clearFrameSlot(hist.frame, hist.spi);
      if (cls === BPF_STX) bt.setReg(insn.src);
      break;
    case BPF_JMP:
    case BPF_JMP32: {
      const done = backtrackJmp(env, idx, subseqIdx, hist, op, byReg);
      if (done !== undefined) return done;
      break;
    }
    case BPF_LD:
      if (mode === BPF_IMM) {
        bt.clearReg(insn.dst);
        return true;
      }
      if (mode === BPF_IND || mode === BPF_ABS) {
        if (!env.f.tail_call_walked) {
          if (!bt.regSet(insn.dst)) return true;
          return false;
        }
        if (bt.regSet(insn.dst)) return false;
        if (subseqIdx !== idx + 1) bt.frame++;
        return true;
      }
      break;
  }
  syncLinkedRegs(env, hist);
  return true;
}

/** Undefined: go on to the common end. */
function backtrackJmp(env: Env, idx: number, subseqIdx: number, hist: JmpHistoryEntry | undefined, op: number, byReg: boolean): boolean | undefined {
  const { bt } = env;
  const insn = env.insns[idx]!;
  if (isPseudoCall(insn)) {
    const subprog = env.findSubprog(idx + insn.imm + 1);
    if (env.subprogIsGlobal(subprog)) {
      if (bt.regMask & ARGS_MASK) env.bug(`global subprog unexpected regs ${bt.regMask.toString(16)}`);
      bt.clearReg(0);
      return true;
    }
    if (bt.regMask & ~ARGS_MASK) env.bug(`static subprog unexpected regs ${bt.regMask.toString(16)}`);
    if (bt.stackMask !== 0n) env.bug(`static subprog leftover stack slots ${bt.stackMask.toString(16)}`);
    for (let i = 1; i <= 5; i++)
      if (bt.regSet(i)) {
        bt.clearReg(i);
        bt.setFrameReg(bt.frame - 1, i);
      }
    if (bt.frame === 0) env.bug("subprog exit from frame 0");
    bt.frame--;
    return true;
  }
  if (isSyncCallbackCalling(env, insn) && idx !== subseqIdx - 1) {
    if (bt.regMask & ~ARGS_MASK) env.bug(`callback unexpected regs ${bt.regMask.toString(16)}`);
    if (bt.stackMask !== 0n) env.bug(`callback leftover stack slots ${bt.stackMask.toString(16)}`);
    for (let i = 1; i <= 5; i++) bt.clearReg(i);
    bt.frame--;
    return true;
  }
  if (op === BPF_CALL) {
    if (isKfuncCall(insn) && insn.imm === 0) return false;
    bt.clearReg(0);
    if (bt.regMask & ARGS_MASK) env.bug(`backtracking call unexpected regs ${bt.regMask.toString(16)}`);
    if (env.f.tail_call_walked && isHelperCall(insn) && helperName(env, insn) === "bpf_tail_call" && subseqIdx - idx !== 1) bt.frame++;
    return undefined;
  }
  if (op === BPF_EXIT) {
    const fromCall = subseqIdx - 1 >= 0 && isPseudoCall(env.insns[subseqIdx - 1]!);
    const r0 = fromCall && bt.regSet(0);
    if (env.f.callback_args_cleared && subseqIdx >= 0 && env.aux[subseqIdx]!.callsCallback) for (let i = 1; i <= 5; i++) bt.clearReg(i);
    if (fromCall && bt.regMask & ARGS_MASK) env.bug(`backtracking exit unexpected regs ${bt.regMask.toString(16)}`);
    bt.clearReg(0);
    bt.frame++;
    if (r0) bt.setReg(0);
    return true;
  }
  if (byReg) {
    if (!bt.regSet(insn.dst) && !bt.regSet(insn.src)) return true;
    if (!hist || !(hist.flags & INSN_F_SRC_REG_STACK)) bt.setReg(insn.src);
    if (!hist || !(hist.flags & INSN_F_DST_REG_STACK)) bt.setReg(insn.dst);
  }
  return undefined;
}

/** The big hammer: every scalar of every ancestor becomes precise. */
export function markAllScalarsPrecise(env: Env, st0: VState): void {
  if (env.log.level2) env.verbose(`mark_precise: frame${st0.curframe}: falling back to forcing all scalars precise\n`);
  for (let st = st0.parent; st; st = st.parent) {
    for (let i = 0; i <= st.curframe; i++) {
      const func = st.frames[i]!;
      for (let j = 0; j < BPF_REG_FP; j++) {
        const r = func.regs[j]!;
        if (r.type !== SCALAR_VALUE || r.precise) continue;
        func.mut(j).precise = true;
        if (env.log.level2) env.verbose(`force_precise: frame${i}: forcing r${j} to be precise\n`);
      }
      for (let j = 0; j < func.stack.length; j++) {
        const slot = func.stack[j]!;
        if (!isSpilledReg(slot) || slot.spilled.type !== SCALAR_VALUE || slot.spilled.precise) continue;
        func.mutSpilled(j).precise = true;
        if (env.log.level2) env.verbose(`force_precise: frame${i}: forcing fp${-(j + 1) * 8} to be precise\n`);
      }
    }
  }
}

/** The register of the current frame must be known exactly for the program to be safe. */
export function markChainPrecision(env: Env, regno: number): void {
  if (!env.f.precision_all_frames) return markChainPrecisionSingle(env, env.curState.curframe, regno);
  markPrecision(env, env.curState, regno);
}

/**
 * Traces back from `starting`: the given register (-1: what env.bt already holds). Marks are set in ancestors only;
 * a current state's own marks never matter. Returns whether a mark was new.
 */
export function markPrecision(env: Env, starting: VState, regno: number): boolean {
  if (!env.bpfCapable) return false;
  const { bt } = env;
  let changed = false;
  let st: VState = starting;
  let firstIdx = st.firstInsnIdx;
  let lastIdx = env.f.precision_from_insn_idx ? starting.insnIdx : env.insnIdx;
  let subseqIdx = -1;
  let skipFirst = true;
  bt.frame = starting.curframe;
  if (regno >= 0) {
    const reg = st.frames[bt.frame]!.regs[regno]!;
    if (reg.type !== SCALAR_VALUE) env.bug("backtracking misuse");
    bt.setReg(regno);
  }
  if (bt.empty()) return false;
  for (;;) {
    const history = { at: st.jmpHistory };
    if (env.log.level2) env.verbose(`mark_precise: frame${bt.frame}: last_idx ${lastIdx} first_idx ${firstIdx} subseq_idx ${subseqIdx} \n`);
    if (lastIdx < 0) {
      const f0 = st.frames[0]!;
      if (st.curframe === 0 && f0.subprogno > 0 && f0.callsite === BPF_MAIN_FUNC && bt.stackMask === 0n && (bt.regMask & ~ARGS_MASK) === 0) {
        for (let i = 1; i <= 5; i++) {
          if (!bt.regSet(i)) continue;
          bt.clearReg(i);
          if (f0.regs[i]!.type === SCALAR_VALUE) {
            f0.mut(i).precise = true;
            changed = true;
          }
        }
        return changed;
      }
      env.bug(`backtracking func entry subprog ${f0.subprogno} reg_mask ${bt.regMask.toString(16)} stack_mask ${bt.stackMask.toString(16)}`);
    }
    for (let i = lastIdx; ; ) {
      if (skipFirst) skipFirst = false;
      else {
        const h = history.at?.idx === i ? history.at : undefined;
        if (!backtrackInsn(env, i, subseqIdx, h)) {
          markAllScalarsPrecise(env, starting);
          bt.reset();
          return changed;
        }
      }
      if (bt.empty()) return changed;
      subseqIdx = i;
      i = previousInsn(st, i, history);
      if (i === -1) break;
      if (i < 0 || i >= env.insns.length) env.bug(`backtracking idx ${i}`);
    }
    if (!st.parent) break;
    st = st.parent;
    changed = markParent(env, st) || changed;
    if (bt.empty()) return changed;
    subseqIdx = firstIdx;
    lastIdx = st.lastInsnIdx;
    firstIdx = st.firstInsnIdx;
  }
  if (!bt.empty()) {
    markAllScalarsPrecise(env, starting);
    bt.reset();
  }
  return changed;
}
/** Sets the marks in a checkpoint and forgets what is settled there. */
function markParent(env: Env, st: VState): boolean {
  const { bt } = env;
  let changed = false;
  for (let fr = bt.frame; fr >= 0; fr--) {
    const func = st.frames[fr]!;
    for (let i = 0; i < BPF_REG_FP; i++) {
      if (!bt.frameRegSet(fr, i)) continue;
      const reg = func.regs[i]!;
      if (reg.type !== SCALAR_VALUE || reg.precise) bt.clearFrameReg(fr, i);
      else {
        func.mut(i).precise = true;
        changed = true;
      }
    }
    if (bt.stack[fr] !== 0n) {
      for (let i = 0; i < 64; i++) {
        if (!bt.frameSlotSet(fr, i)) continue;
        const slot = func.stack[i];
        if (!slot) env.bug(`stack slot ${i}, total slots ${func.stack.length}`);
        if (!isSpilledScalarReg(slot) || slot.spilled.precise) bt.clearFrameSlot(fr, i);
        else {
          func.mutSpilled(i).precise = true;
          changed = true;
        }
      }
    }
    for (let i = 0; i < func.stackArgRegs.length; i++) {
      if (!bt.frameStackArgSet(fr, i)) continue;
      const r = func.stackArgRegs[i]!;
      if (r.type !== SCALAR_VALUE || r.precise) bt.clearFrameStackArg(fr, i);
      else {
        func.mutStackArg(i).precise = true;
        changed = true;
      }
    }
    if (env.log.level2) {
      env.verbose(`mark_precise: frame${fr}: parent state regs=${fmtRegs(bt.regs[fr]!)} stack=${fmtSlots(bt.stack[fr]!)}: `);
      env.log.state(st, fr, true);
    }
  }
  return changed;
}
