/** The statistics below the log (kernel print_verification_stats). */
import { rewrittenSubprogs } from "../passes/rewritten.ts";
import type { Env } from "../state/env.ts";
import { LOG_STATS } from "./log.ts";

function details(env: Env, ms: number, accepted: boolean): string {
  const subprogs = accepted ? rewrittenSubprogs(env) : env.subprogs.slice(0, env.subprogCnt).map(({ stackDepth }, subprog) => ({ subprog, stackDepth }));
  const time = `verification time ${Math.round(ms * 1000)} usec\n`;
  if (env.f.stats_by_subprog) {
    const line = ({ subprog, stackDepth }: { subprog: number; stackDepth: number }, i: number): string => {
      const { name, insnsSelf, insnsTotal } = env.subprogs[subprog]!;
      return `subprog ${i} (${name || "<unknown>"}) ${i === 0 ? "main" : env.subprogIsGlobal(subprog) ? "global" : "static"} insns_self ${insnsSelf} insns_total ${insnsTotal} stack ${stackDepth}\n`;
    };
    return `${time}stack depth max ${env.maxStackDepth}\n${subprogs.map(line).join("")}`;
  }
  // before the check of the instructions found subprograms, the kernel has its first one all the same
  let out = `${time}stack depth ${subprogs.map((s) => s.stackDepth).join("+") || "0"}${env.f.stats_max_depth ? ` max ${env.maxStackDepth}` : ""}\n`;
  if (env.f.stats_insns_by_subprog) {
    const own = subprogs.filter(({ subprog }, i) => i === 0 || env.subprogIsGlobal(subprog)).map(({ subprog }) => env.subprogs[subprog]!.insnsTotal);
    out += `insns processed ${own.join("+") || "0"}\n`;
  }
  return out;
}

/** @param ms time of the verification */
export function printStats(env: Env, ms: number, level: number, accepted: boolean): string {
  return `${level & LOG_STATS ? details(env, ms, accepted) : ""}processed ${env.insnProcessed} insns (limit ${env.insnLimit}) max_states_per_insn ${env.maxStatesPerInsn} total_states ${env.totalStates} peak_states ${env.peakStates} mark_read ${env.longestMarkReadWalk}\n`;
}
