/** Timers in map values (kernel process_timer_func). */
import type { Env } from "../state/env.ts";
import type { CallMeta } from "./helper-args.ts";

export function processTimerFunc(env: Env, _regno: number, _meta: CallMeta): void {
  env.unsupported("timers are not simulated yet");
}
