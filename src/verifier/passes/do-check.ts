/** The main loop: one instruction after another along one path, then the next path (kernel do_check, do_check_insn, do_check_common). */
import {
  BPF_ABS, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_EXIT, BPF_IMM, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MEMSX,
  BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL, BPF_ST, BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc,
} from "../../isa/table.ts";
import { checkAluOp } from "../checks/alu-op.ts";
import { checkAtomic } from "../checks/atomic.ts";
import { checkFuncCall } from "../checks/call-subprog.ts";
import { checkHelperCall } from "../checks/helper-call.ts";
import { checkKfuncCall } from "../checks/call-kfunc.ts";
import { checkCondJmpOp } from "../checks/cond-jmp.ts";
import { processExit } from "../checks/exit.ts";
import { checkIndirectJump } from "../checks/gotox.ts";
import { checkLdAbs } from "../checks/ld-abs.ts";
import { checkLdImm } from "../checks/ld-imm.ts";
import { checkLoadMem, checkStoreImm, checkStoreReg } from "../checks/load-store.ts";
import { checkCallAllowedUnderLock } from "../checks/locks.ts";
import type { Env } from "../state/env.ts";
import { VerifierError } from "../state/errors.ts";
import { afterInsn, beforeInsn, keepsHistory, recordBranchTaken } from "../report/history.ts";
import { recordFlow, rememberInsn, resumeTrail } from "../report/trail.ts";
import { accountPath } from "./account.ts";
import { pushJmpHistory } from "./jmp-history.ts";
import { beginStackMarks, commitStackMarks, updateStackMarks } from "./stack-live-marks.ts";
import { isStateVisited, updateBranchCounts } from "./visited.ts";

/** What an instruction did to the flow: go on to the next, insnIdx was set, or the path ended. */
export type Flow = "next" | "jumped" | "exit";

const PROGRESS_EVERY = 8192;

export function doCheck(env: Env): void {
  const { log } = env;
  const popLog = !log.level2;
  const print = { state: false };
  let prevInsnIdx = -1;
  for (;;) {
    const st = env.curState;
    env.curHistEnt = null;
    env.prevInsnIdx = prevInsnIdx;
    const idx = env.insnIdx;
    if (idx >= env.insns.length) env.fail("EFAULT", `invalid insn idx ${idx} insn_cnt ${env.insns.length}`);
    env.insnProcessed++;
    st.cur.insnsSubtotal++;
    env.subprogs[st.cur.subprogno]!.insnsSelf++;
    if (env.insnProcessed > env.insnLimit) env.fail("E2BIG", `BPF program is too large. Processed ${env.insnProcessed} insn`);
    if (env.insnProcessed % PROGRESS_EVERY === 0 && env.progress?.(env.insnProcessed, env.totalStates)) env.stop();
    st.lastInsnIdx = env.prevInsnIdx;
    st.insnIdx = idx;
    const aux = env.aux[idx]!;
    env.visits[idx]!++;
    if (env.plan) {
      env.recording = env.plan.leads(env);
      log.silent = !env.recording || !env.plan.prints(env);
    }

    let ended = false;
    const history = keepsHistory(env);
    if (history) recordBranchTaken(env, env.prevInsnIdx, idx);
    const states = env.totalStates;
    if (aux.prunePoint && isStateVisited(env, idx)) {
      if (env.watch?.insn === idx) env.watch.pruned(env);
      if (log.verbose) {
        const spec = st.speculative ? " (speculative execution)" : "";
        env.verbose(print.state ? `\nfrom ${env.prevInsnIdx} to ${idx}${spec}: safe\n` : `${idx}: safe\n`);
      }
      ended = true;
    }
    if (!ended) {
      if (aux.jmpPoint && (env.f.jmp_history_at_checkpoint || env.totalStates === states)) pushJmpHistory(env, st, 0);
      if (env.f.log_changes_only ? log.level2 && print.state : log.verbose && (log.level2 || print.state)) {
        env.verbose(env.f.log_changes_only || !log.level2 ? `\nfrom ${env.prevInsnIdx} to ${idx}${st.speculative ? " (speculative execution)" : ""}:` : `${idx}:`);
        log.state(st, st.curframe, true);
        print.state = false;
      }
      if (log.verbose) {
        if (env.f.log_changes_only && env.anyScratched()) log.insnState(st, st.curframe);
        log.linfo(idx, "; ");
        log.insnLine(idx);
      } else if (log.silent) log.skip(idx);
      if (!st.speculative) aux.seen = true;
      prevInsnIdx = idx;
      if (st.speculative && aux.nospec) ended = true;
    }
    if (!ended) {
      const watch = env.watch?.insn === idx ? env.watch : null;
      watch?.before(env);
      const frame = st.curframe;
      if (env.recording) rememberInsn(env);
      if (env.f.stack_live_marks) beginStackMarks(env);
      const before = history ? beforeInsn(env) : null;
      const flow = step(env, print);
      if (before) afterInsn(env, before, idx);
      if (env.f.stack_live_marks) commitStackMarks(env);
      if (flow === "exit") ended = true;
      else if (flow === "next") env.insnIdx++;
      watch?.after(env, flow);
      if (env.recording) recordFlow(env, idx, frame);
      if (st.speculative && aux.nospecResult) ended = true;
    }
    if (!ended) continue;
    accountPath(env);
    env.markStateScratched();
    updateStackMarks(env);
    updateBranchCounts(env, env.curState);
    const next = env.stack.pop();
    if (!next) return;
    env.curState = next.st;
    if (popLog) log.reset(next.logPos);
    env.insnIdx = next.insnIdx;
    env.history = next.history;
    prevInsnIdx = next.prevInsnIdx;
    if (env.recording || env.plan?.leads(env)) resumeTrail(env, next.trail, prevInsnIdx, next.insnIdx);
    print.state = true;
  }
}

/** One instruction. On a speculative path an error only ends the path (kernel error_recoverable_with_nospec). */
function step(env: Env, print: { state: boolean }): Flow {
  if (!env.curState.speculative) return checkInsn(env, print);
  const aux = env.curAux;
  try {
    return checkInsn(env, print);
  } catch (e) {
    if (!(e instanceof VerifierError) || (e.errno !== "EPERM" && e.errno !== "EACCES" && e.errno !== "EINVAL") || !env.f.nospec_recovery) throw e;
    aux.nospec = true;
    aux.aluState = 0;
    return "exit";
  }
}

function checkInsn(env: Env, print: { state: boolean }): Flow {
  const { insn } = env;
  const { lateError } = env.curAux;
  if (lateError) env.fail("EINVAL", lateError);
  const cls = bpfClass(insn.code);
  switch (cls) {
    case BPF_ALU:
    case BPF_ALU64:
      checkAluOp(env, insn);
      return "next";
    case BPF_LDX:
      checkLoadMem(env, insn, false, bpfMode(insn.code) === BPF_MEMSX, true, "ldx");
      return "next";
    case BPF_STX:
      if (bpfMode(insn.code) === BPF_ATOMIC) checkAtomic(env, insn);
      else checkStoreReg(env, insn, false);
      return "next";
    case BPF_ST:
      checkStoreImm(env, insn);
      return "next";
    case BPF_JMP:
    case BPF_JMP32: {
      const op = bpfOp(insn.code);
      env.jmpsProcessed++;
      if (op === BPF_CALL) {
        checkCallAllowedUnderLock(env, insn);
        if (env.f.log_call_results) env.markRegScratched(0);
        const f = env.cur;
        if (env.subprogs[f.subprogno]!.argCnt > 5) f.noStackArgLoad = true;
        if (insn.src === BPF_PSEUDO_CALL) return checkFuncCall(env, insn);
        if (insn.src === BPF_PSEUDO_KFUNC_CALL) return checkKfuncCall(env, insn);
        return checkHelperCall(env, insn);
      }
      if (op === BPF_JA) {
        if (bpfSrc(insn.code) === BPF_X) return checkIndirectJump(env, insn);
        env.insnIdx += (cls === BPF_JMP ? insn.off : insn.imm) + 1;
        return "jumped";
      }
      if (op === BPF_EXIT) return processExit(env, print, false);
      checkCondJmpOp(env, insn);
      return "next";
    }
    case BPF_LD: {
      const mode = bpfMode(insn.code);
      if (mode === BPF_ABS || mode === BPF_IND) {
        checkLdAbs(env, insn);
        return "next";
      }
      if (mode === BPF_IMM) {
        checkLdImm(env, insn);
        env.insnIdx++;
        if (!env.curState.speculative) env.curAux.seen = true;
      }
      return "next";
    }
  }
  return env.failSilently("EFAULT");
}
