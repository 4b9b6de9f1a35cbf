/** Leaving a function or the program (kernel process_bpf_exit_full, prepare_func_exit). */
import { accountFrame } from "../passes/account.ts";
import { markChainPrecision } from "../passes/backtrack.ts";
import { markRegRead } from "../passes/live-marks.ts";
import { updateStackMarks } from "../passes/stack-live-marks.ts";
import type { Flow } from "../passes/do-check.ts";
import { tnumIn, tnumIsUnknown, tnumRange } from "../domains/tnum.ts";
import { regTypeStr, tnumStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RetvalRange } from "../state/frame.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { checkResourceLeak } from "./refs.ts";
import { checkRegRead, isPointerValue, markNotInit } from "./reg-arg.ts";
import { checkReturnCode } from "./return-code.ts";
import { findPrevEntry, widenImpreciseScalars } from "./widen.ts";

export function retvalRangeWithin(env: Env, range: RetvalRange, r: RegState): boolean {
  const { min, max } = range;
  // before 6.8 the known bits decide
  if (!env.f.retval_range_message) return tnumIn(tnumRange(BigInt.asUintN(64, BigInt(min)), BigInt.asUintN(64, BigInt(max))), r.varOff);
  return range.return32 ? min <= r.r32.smin && r.r32.smax <= max : BigInt(min) <= r.r64.smin && r.r64.smax <= BigInt(max);
}
/** `At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]` */
export function invalidScalar(env: Env, r: RegState, range: RetvalRange, ctx: string, name: string): never {
  if (!env.f.retval_range_message) {
    const value = tnumIsUnknown(r.varOff) ? "unknown scalar value" : `value ${tnumStr(env, r.varOff)}`;
    env.fail("EINVAL", `${ctx} the register ${name} has ${value} should have been in ${tnumStr(env, tnumRange(BigInt.asUintN(64, BigInt(range.min)), BigInt.asUintN(64, BigInt(range.max))))}`);
  }
  let known = "";
  if (r.r64.smin > -0x8000_0000_0000_0000n) known += ` smin=${r.r64.smin}`;
  if (r.r64.smax < 0x7fff_ffff_ffff_ffffn) known += ` smax=${r.r64.smax}`;
  return env.fail("EINVAL", `${ctx} the register ${name} has${known || " unknown scalar value"} should have been in [${range.min}, ${range.max}]`);
}

/** Back to the caller; gives the instruction to go on with. */
export function prepareFuncExit(env: Env): number {
  const st = env.curState;
  const callee = st.cur;
  const r0 = callee.regs[0]!;
  if (r0.type === T.PTR_TO_STACK) env.fail("EINVAL", "cannot return stack pointer to the caller");
  const caller = st.frames[st.curframe - 1]!;
  if (callee.inCallbackFn) {
    if (r0.type !== T.SCALAR_VALUE) env.fail("EACCES", "R0 not a scalar value");
    if (env.f.live_marks) markRegRead(env, r0, true);
    if (env.f.callback_ret_precise) markChainPrecision(env, 0);
    if (!retvalRangeWithin(env, callee.callbackRetRange, callee.regs[0]!)) invalidScalar(env, callee.regs[0]!, callee.callbackRetRange, "At callback return", "R0");
  } else caller.setWhole(0, callee.regs[0]!);
  const back = callee.inCallbackFn && env.f.callback_checkpoints;
  const next = back ? callee.callsite : callee.callsite + 1;
  if (env.log.verbose) {
    env.verbose("returning from callee:\n");
    env.log.state(st, callee.frameno, true);
    env.verbose(`to caller at ${next}:\n`);
    env.log.state(st, caller.frameno, true);
  }
  accountFrame(env, callee, caller);
  if (callee.inCallbackFn && !env.f.callback_checkpoints) st.refs = caller.refsAtCall;
  st.frames.length = st.curframe;
  st.curframe--;
  for (let i = 0; i < caller.stackArgRegs.length; i++) markNotInit(env, caller.mutStackArg(i));
  if (back) {
    const prev = findPrevEntry(env, st, next);
    if (prev) widenImpreciseScalars(env, prev, st);
  }
  return next;
}

export function processExit(env: Env, print: { state: boolean } | null, exceptionExit: boolean): Flow {
  const st = env.curState;
  const thrown = exceptionExit && env.f.throw_checked_as_such;
  checkResourceLeak(env, exceptionExit, thrown || !st.curframe, thrown ? "bpf_throw" : "BPF_EXIT instruction in main prog");
  if (exceptionExit) return "exit";
  if (st.curframe) {
    updateStackMarks(env);
    env.insnIdx = prepareFuncExit(env);
    if (print) print.state = true;
    return "jumped";
  }
  const f = st.cur;
  if (f.subprogno && !f.inAsyncCallbackFn && !f.inExceptionCallbackFn) globalReturn(env);
  else checkReturnCode(env, 0, "R0");
  return "exit";
}
/** A global function gives a scalar back, or nothing. */
function globalReturn(env: Env): void {
  if (env.f.global_func_void && subprogReturnsVoid(env, env.cur.subprogno)) return;
  checkRegRead(env, 0);
  const r = env.reg(0);
  if (env.f.global_func_arena_ret && r.type === T.PTR_TO_ARENA) return;
  if (isPointerValue(env, r)) env.fail("EACCES", "R0 leaks addr as return value");
  if (r.type !== T.SCALAR_VALUE) env.fail("EINVAL", `At subprogram exit the register R0 is not a scalar value (${regTypeStr(env, r.type)})`);
}
export function subprogReturnsVoid(env: Env, subprog: number): boolean {
  const func = env.btf?.type(env.subprogs[subprog]!.btfId);
  if (!func || func.kind !== 12) return false;
  const proto = env.btf!.type(func.type);
  return proto?.kind === 13 && proto.ret === 0;
}
