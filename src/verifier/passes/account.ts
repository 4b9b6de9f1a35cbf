/** Instructions walked, counted by subprogram with and without what it calls (kernel 7.2+ account_processed_insns, account_current_path). */
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/frame.ts";

/** The callee's instructions become the caller's too. */
export function accountFrame(env: Env, callee: FuncState, caller: FuncState | undefined): void {
  env.subprogs[callee.subprogno]!.insnsTotal += callee.insnsSubtotal;
  if (caller) caller.insnsSubtotal += callee.insnsSubtotal;
  callee.insnsSubtotal = 0;
}
/** A path ends: its frames hand over what they have counted. */
export function accountPath(env: Env): void {
  const { frames, curframe } = env.curState;
  for (let f = curframe; f >= 0; f--) accountFrame(env, frames[f]!, frames[f - 1]);
}
