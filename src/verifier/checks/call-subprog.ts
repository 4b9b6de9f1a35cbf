/** Calls between BPF functions (kernel check_func_call, setup_func_entry). */
import type { Insn } from "../../isa/types.ts";
import { checkFuncArgMatch } from "../passes/global-func.ts";
import type { Flow } from "../passes/do-check.ts";
import { resetStackChain } from "../passes/stack-live-marks.ts";
import type { Env } from "../state/env.ts";
import { VerifierError } from "../state/errors.ts";
import { FuncState } from "../state/frame.ts";
import type { VState } from "../state/state.ts";
import { processExit, subprogReturnsVoid } from "./exit.ts";
import { clearAllPktPointers } from "./packet-range.ts";
import { inSleepableContext, nonSleepableContext } from "./sleepable.ts";
import { clearCallerSaved, markNotInit, markUnknown } from "./reg-arg.ts";

export type SetCallee = (env: Env, caller: FuncState, callee: FuncState, insnIdx: number) => void;

/** Pushes a frame for the subprogram onto `st` and fills its arguments. */
export function setupFuncEntry(env: Env, subprog: number, callsite: number, set: SetCallee, st: VState): void {
  if (st.curframe + 1 >= env.maxCallFrames) env.fail("E2BIG", `the call stack of ${st.curframe + 2} frames is too deep`);
  const caller = st.cur;
  caller.refsAtCall = st.refs;
  const callee = new FuncState(callsite, st.curframe + 1, subprog);
  callee.initRegs(!env.bpfCapable);
  env.markStateScratched();
  set(env, caller, callee, callsite);
  st.frames[st.curframe + 1] = callee;
  st.curframe++;
}
export const setCalleeState: SetCallee = (_env, caller, callee) => {
  for (let i = 1; i <= 5; i++) callee.setWhole(i, caller.regs[i]!);
};
export function invalidateOutgoingStackArgs(env: Env, frame: FuncState): void {
  for (let i = 0; i < frame.stackArgRegs.length; i++) markNotInit(env, frame.mutStackArg(i));
}
export function checkFuncCall(env: Env, insn: Insn): Flow {
  const st = env.curState;
  const subprog = env.findSubprog(env.insnIdx + insn.imm + 1);
  if (subprog < 0) env.bug(`target of func call at insn ${env.insnIdx + insn.imm + 1} is not a program`);
  const caller = st.cur;
  let argError: VerifierError | null = null;
  try {
    checkFuncArgMatch(env, subprog, caller);
  } catch (e) {
    if (!(e instanceof VerifierError) || e.errno === "EFAULT") throw e;
    argError = e;
  }
  const info = env.subprogs[subprog]!;
  if (env.subprogIsGlobal(subprog)) {
    const name = env.subprogName(subprog);
    if (st.activeLocks && env.f.global_func_lock_check) {
      env.verbose("global function calls are not allowed while holding a lock,\n");
      env.fail("EINVAL", "use static function instead");
    }
    if (st.activePreemptLocks && env.f.global_func_preempt_check) {
      env.verbose("global function calls are not allowed with preemption disabled,\n");
      env.fail("EINVAL", "use static function instead");
    }
    if (env.f.global_func_sleep_check && info.mightSleep && !inSleepableContext(env)) {
      if (env.f.sleep_messages_new) env.fail("EINVAL", `sleepable global function ${name}() called in ${nonSleepableContext(env)}`);
      env.verbose("global functions that may sleep are not allowed in non-sleepable context,\ni.e., in a RCU/IRQ/preempt-disabled section, or in\n");
      env.fail("EINVAL", "a non-sleepable BPF program context");
    }
    if (argError) env.fail(argError.errno, `Caller passes invalid args into func#${subprog}${env.f.lazy_global_funcs ? ` ('${name}')` : ""}`);
    if (env.log.verbose) env.verbose(env.f.log_global_func_names ? `Func#${subprog} ('${name}') is global and assumed valid.\n` : `Func#${subprog} is global and valid. Skipping.\n`);
    if (info.changesPktData && env.f.global_func_pkt_data) clearAllPktPointers(env);
    info.called[env.f.globals_by_sleepable && inSleepableContext(env) ? 1 : 0] = true;
    clearCallerSaved(env, caller);
    invalidateOutgoingStackArgs(env, caller);
    if (!(env.f.global_func_void && subprogReturnsVoid(env, subprog))) {
      const r0 = caller.mut(0);
      markUnknown(env, r0);
      r0.subregDef = 0;
    }
    if (info.mightThrow && env.f.global_func_throw) {
      env.pushStack(env.insnIdx + 1, env.insnIdx);
      return processExit(env, null, true);
    }
    return "next";
  }
  setupFuncEntry(env, subprog, env.insnIdx, setCalleeState, st);
  resetStackChain(env);
  clearCallerSaved(env, caller);
  env.insnIdx = info.start - 1;
  printCall(env);
  return "next";
}
/** The innermost function was just entered: both frames. */
export function printCall(env: Env): void {
  const st = env.curState;
  if (!env.log.verbose) return;
  env.verbose("caller:\n");
  env.log.state(st, st.curframe - 1, true);
  env.verbose("callee:\n");
  env.log.state(st, st.curframe, true);
}
