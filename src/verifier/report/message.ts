/** The statistics below the log. */
import type { Env } from "../state/env.ts";
import { LOG_STATS } from "./log.ts";

export function printStats(env: Env, ms: number, level: number): string {
  let out = "";
  if (level & LOG_STATS) {
    out += `verification time ${Math.round(ms * 1000)} usec\n`;
    out += `stack depth ${env.subprogs.slice(0, env.subprogCnt).map((s) => s.stackDepth).join("+")}${env.f.stats_max_depth ? ` max ${env.maxStackDepth}` : ""}\n`;
    if (env.f.stats_insns_by_subprog) {
      const parts = env.subprogs.slice(0, env.subprogCnt).filter((_, i) => i === 0 || env.subprogIsGlobal(i)).map((s) => s.insnsTotal);
      out += `insns processed ${parts.join("+")}\n`;
    }
  }
  return `${out}processed ${env.insnProcessed} insns (limit ${env.insnLimit}) max_states_per_insn ${env.maxStatesPerInsn} total_states ${env.totalStates} peak_states ${env.peakStates} mark_read ${env.longestMarkReadWalk}\n`;
}
