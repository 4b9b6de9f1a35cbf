/** Timers in map values (kernel process_timer_func). */
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import type { CallMeta } from "./helper-args.ts";
import type { KfuncMeta } from "./kfunc/meta.ts";
import { checkMapFieldPointer } from "./map-field.ts";

function checkTimer(env: Env, reg: RegState, regno: number, meta: CallMeta | KfuncMeta): void {
  if (env.kernel.config("CONFIG_PREEMPT_RT") === "y") env.fail("EOPNOTSUPP", "bpf_timer cannot be used for PREEMPT_RT.");
  checkMapFieldPointer(env, reg, regno, "timer", meta);
}
export function processTimerFunc(env: Env, regno: number, meta: CallMeta): void {
  checkTimer(env, env.reg(regno), regno, meta);
}
export const processTimerKfunc = (env: Env, reg: RegState, regno: number, meta: KfuncMeta): void => checkTimer(env, reg, regno, meta);
