/** Where a program may sleep (kernel in_sleepable_context), and which program types trace. */
import type { Env } from "../state/env.ts";

export function inSleepableContext(env: Env): boolean {
  const st = env.curState;
  return !st.activeRcuLocks && !st.activePreemptLocks && !st.activeLocks && !st.activeIrqId && env.inSleepable();
}
/** What forbids sleeping here, as the messages name it. */
export function nonSleepableContext(env: Env): string {
  const st = env.curState;
  if (st.activeRcuLocks) return "rcu_read_lock region";
  if (st.activePreemptLocks) return "non-preemptible region";
  if (st.activeIrqId) return "IRQ-disabled region";
  if (st.activeLocks) return "lock region";
  return "non-sleepable prog";
}
export function isTracingProgType(env: Env): boolean {
  switch (env.progType) {
    case "kprobe": case "tracepoint": case "perf_event": case "raw_tracepoint": case "raw_tracepoint_writable":
      return true;
    default:
      return false;
  }
}
