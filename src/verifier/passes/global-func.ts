/** Arguments of functions as their BTF describes them (kernel btf_prepare_func_args, btf_check_func_arg_match). */
import { markChainPrecision } from "./backtrack.ts";
import { BtfKind } from "../../btf/types.ts";
import { checkFuncArgRegOff, checkRegType } from "../checks/arg-types.ts";
import { processDynptrFunc } from "../checks/dynptr.ts";
import { newCallMeta } from "../checks/helper-args.ts";
import { checkMemReg } from "../checks/helper-mem.ts";
import { isPktPointerAny } from "../checks/packet-range.ts";
import { checkOutgoingStackArgs } from "../checks/stack-args.ts";
import type { SubprogArg } from "../state/aux-data.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/frame.ts";
import { registerIsNull } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { prepareArgs } from "./func-args.ts";
import { matchArgsOld } from "./func-args-old.ts";

/** Fills the subprogram's argument list; fails as the kernel does where a type cannot be an argument. */
export function prepareFuncArgs(env: Env, subprog: number): SubprogArg[] {
  const info = env.subprogs[subprog]!;
  if (!info.argsCached) {
    info.args = prepareArgs(env, subprog);
    info.argCnt = info.args.length;
    info.argsCached = true;
  }
  return info.args;
}

/** Do the caller's registers fit? `call` false: the main program's own (before 6.8). A static function without fitting arguments is simply walked as called. */
export function checkFuncArgMatch(env: Env, subprog: number, caller: FuncState, call = true): void {
  const info = env.subprogs[subprog]!;
  if (env.prog.funcInfo.length === 0 || info.unreliable) env.failSilently("EINVAL");
  if (!info.btfId || env.btf?.type(info.btfId)?.kind !== BtfKind.FUNC) env.failSilently("EFAULT");
  try {
    if (env.f.lazy_global_funcs) matchArgs(env, subprog, caller);
    else matchArgsOld(env, subprog, caller, call);
  } catch (e) {
    info.unreliable = true;
    throw e;
  }
}
function matchArgs(env: Env, subprog: number, caller: FuncState): void {
  const args = prepareFuncArgs(env, subprog);
  checkOutgoingStackArgs(env, args.length);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const regno = i < 5 ? i + 1 : -(i - 4);
    const name = regno > 0 ? `R${regno}` : `*(R11-${-regno * 8})`;
    const reg = i < 5 ? caller.regs[regno]! : caller.stackArgRegs[i - 5]!;
    const mut = () => (i < 5 ? caller.mut(regno) : caller.mutStackArg(i - 5));
    switch (arg.kind) {
      case "anything":
        if (reg.type !== T.SCALAR_VALUE) env.fail("EINVAL", `${name} is not a scalar`);
        break;
      case "ctx":
        checkFuncArgRegOff(env, reg, regno, { base: "ARG_PTR_TO_CTX", flags: 0 });
        if (reg.type !== T.PTR_TO_CTX) env.fail("EINVAL", `${name} expects pointer to ctx`);
        break;
      case "mem":
        if (arg.flags & T.PTR_UNTRUSTED) break;
        checkFuncArgRegOff(env, reg, regno, null);
        checkMemReg(env, regno, reg, mut, arg.memSize);
        if (env.f.global_func_pkt_data && isPktPointerAny(reg) && env.subprogs[subprog]!.changesPktData)
          env.fail("EINVAL", `${name} is a packet pointer, but func#${subprog} may change packet data`);
        if (!(arg.flags & T.PTR_MAYBE_NULL) && (T.typeMayBeNull(reg.type) || (env.f.nonnull_arg_not_zero && registerIsNull(reg)))) env.fail("EINVAL", `${name} is expected to be non-NULL`);
        break;
      case "arena":
        if (reg.type !== T.PTR_TO_ARENA && reg.type !== T.SCALAR_VALUE) env.fail("EINVAL", `${name} is not a pointer to arena or scalar.`);
        break;
      case "dynptr":
        checkFuncArgRegOff(env, reg, regno, { base: "ARG_PTR_TO_DYNPTR", flags: 0 });
        processDynptrFunc(env, regno, -1, 0, newCallMeta("", false));
        break;
      case "btf_id": {
        if (arg.flags & T.PTR_UNTRUSTED) break;
        if (registerIsNull(reg) && arg.flags & T.PTR_MAYBE_NULL) {
          if (env.f.null_mem_arg_precise && regno > 0) markChainPrecision(env, regno);
          break;
        }
        const type = { base: "ARG_PTR_TO_BTF_ID", flags: arg.flags };
        checkRegType(env, reg, regno, type, env.kernel.btf?.type(arg.btfId)?.name ?? null, "");
        checkFuncArgRegOff(env, reg, regno, type);
        break;
      }
      default:
        env.unsupported(`${arg.kind} arguments of global functions are not simulated`);
    }
  }
}
