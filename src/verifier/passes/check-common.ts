/** Verifying the main program and each global function that was called (kernel do_check_main, do_check_subprogs, do_check_common). */
import type { Env } from "../state/env.ts";
import { BPF_MAIN_FUNC, FuncState } from "../state/frame.ts";
import { markRegKnownZero } from "../state/reg-state.ts";
import { VerifierError } from "../state/errors.ts";
import * as T from "../state/reg-type.ts";
import { VState } from "../state/state.ts";
import { markUnknown } from "../checks/reg-arg.ts";
import { subprogReturnsVoid } from "../checks/exit.ts";
import { setupStructOpsArgs } from "../checks/struct-ops-arg.ts";
import { accountPath } from "./account.ts";
import { doCheck } from "./do-check.ts";
import { checkFuncArgMatch, prepareFuncArgs } from "./global-func.ts";
import { newEpoch } from "./visited.ts";

function checkCommon(env: Env, subprog: number, sleepable: boolean): void {
  const st = new VState();
  newEpoch();
  env.log.forgetLine();
  env.trail = null;
  env.history = null;
  st.branches = 1;
  st.path = env.newPath(-1);
  st.inSleepable = sleepable;
  const frame = new FuncState(BPF_MAIN_FUNC, 0, subprog);
  frame.initRegs(!env.bpfCapable);
  st.frames = [frame];
  env.curState = st;
  env.markStateScratched();
  st.firstInsnIdx = env.subprogs[subprog]!.start;
  st.lastInsnIdx = -1;
  env.stack = [];
  env.explored = [];
  env.bt.reset();
  env.sccVisits = env.sccVisits.map(() => []);
  if (subprog || env.prog.type === "ext") globalArgs(env, subprog, frame);
  else mainArgs(env, frame);
  if (!subprog && env.prog.type === "struct_ops") setupStructOpsArgs(env);
  env.walking = true;
  const info = env.subprogs[subprog]!;
  const before = { total: info.insnsTotal, processed: env.insnProcessed };
  try {
    doCheck(env);
  } finally {
    accountPath(env);
    // asynchronous callbacks have frames of their own and yet belong to the function that is verified
    if (env.f.stats_by_subprog) info.insnsTotal = before.total + (env.insnProcessed - before.processed);
  }
  env.walking = false;
  env.log.silent = false;
  if (!env.log.level2) env.log.reset(0);
}
function mainArgs(env: Env, frame: FuncState): void {
  const r1 = frame.mut(1);
  r1.type = T.PTR_TO_CTX;
  markRegKnownZero(r1);
  const info = env.subprogs[0]!;
  if (!env.f.lazy_global_funcs) return mainArgsOld(env, frame);
  if (env.prog.funcInfo.length > 0) {
    let ok = false;
    try {
      const args = prepareFuncArgs(env, 0);
      ok = args.length === 1 && args[0]!.kind === "ctx";
    } catch (e) {
      if (!(e instanceof VerifierError)) throw e;
    }
    if (!ok) {
      info.unreliable = true;
      info.argCnt = 1;
      info.stackArgCnt = 0;
    }
  }
}
/** A main program whose prototype does not fit is told so and no more. */
function mainArgsOld(env: Env, frame: FuncState): void {
  try {
    checkFuncArgMatch(env, 0, frame, false);
  } catch (e) {
    if (!(e instanceof VerifierError) || e.errno === "EFAULT") throw e;
  }
}
function globalArgs(env: Env, subprog: number, frame: FuncState): void {
  if (env.log.verbose) env.verbose(`Validating ${env.subprogName(subprog)}() func#${subprog}...\n`);
  const args = prepareFuncArgs(env, subprog);
  const info = env.subprogs[subprog]!;
  if (info.isExceptionCb) {
    frame.inExceptionCallbackFn = true;
    if (env.f.global_func_void && subprogReturnsVoid(env, subprog)) env.fail("EINVAL", "exception cb cannot return void");
    if (args.length !== 1 || args[0]!.kind !== "anything") env.fail("EINVAL", "exception cb only supports single integer argument");
  }
  // before 6.8 reading the prototype takes ids, too
  if (!env.f.lazy_global_funcs) for (const arg of args) if (arg.kind === "mem") env.newId();
  args.slice(0, 5).forEach((arg, i) => {
    const r = frame.mut(i + 1);
    switch (arg.kind) {
      case "ctx":
        r.type = T.PTR_TO_CTX;
        markRegKnownZero(r);
        break;
      case "anything":
      case "arena":
        markUnknown(env, r);
        break;
      case "mem":
        r.type = T.PTR_TO_MEM | (arg.flags & (T.PTR_MAYBE_NULL | T.PTR_UNTRUSTED | T.MEM_RDONLY));
        markRegKnownZero(r);
        r.memSize = arg.memSize;
        if (arg.flags & T.PTR_MAYBE_NULL || env.f.global_mem_arg_ids) r.id = env.newId();
        break;
      case "dynptr":
        markRegKnownZero(r);
        r.type = T.CONST_PTR_TO_DYNPTR;
        r.dynptrType = "local";
        r.dynptrFirst = true;
        r.id = env.newId();
        break;
      case "btf_id":
        markRegKnownZero(r);
        r.type = T.PTR_TO_BTF_ID | (arg.flags & (T.PTR_MAYBE_NULL | T.PTR_UNTRUSTED | T.PTR_TRUSTED));
        r.btf = env.kernel.btf;
        r.btfId = arg.btfId;
        r.id = env.newId();
        break;
    }
  });
}

export function doCheckMain(env: Env): void {
  env.insnIdx = 0;
  checkCommon(env, 0, env.prog.sleepable);
}
export function doCheckSubprogs(env: Env): void {
  if (env.prog.funcInfo.length === 0) return;
  // since 7.3 a function is verified for each kind of place it is called from
  const contexts = env.f.globals_by_sleepable ? ([0, 1] as const) : ([0] as const);
  if (env.exceptionCallbackSubprog) env.subprogs[env.exceptionCallbackSubprog]!.called[env.f.globals_by_sleepable && env.prog.sleepable ? 1 : 0] = true;
  for (let again = true; again; ) {
    again = false;
    for (let i = 1; i < env.subprogCnt; i++) {
      const info = env.subprogs[i]!;
      if (!env.subprogIsGlobal(i)) continue;
      for (const context of contexts) {
        if (info.verified[context] || (!info.called[context] && env.f.lazy_global_funcs)) continue;
        env.insnIdx = info.start;
        checkCommon(env, i, env.f.globals_by_sleepable ? context === 1 : env.prog.sleepable);
        if (env.log.verbose) env.verbose(`Func#${i}${env.f.log_global_func_names ? ` ('${info.name}')` : ""} is safe for any args that match its prototype\n`);
        info.verified[context] = true;
        again = env.f.lazy_global_funcs || again;
      }
    }
  }
}
