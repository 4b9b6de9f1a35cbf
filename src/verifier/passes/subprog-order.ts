/** Callees before callers; recursion is refused (kernel sort_subprogs_topo, 7.1+). */
import type { Env } from "../state/env.ts";
import { isPseudoCall, isPseudoFunc } from "./insn-info.ts";

export function sortSubprogsTopo(env: Env): void {
  const color = new Uint8Array(env.subprogCnt);
  for (let i = 0; i < env.subprogCnt; i++) {
    if (color[i]) continue;
    color[i] = 1;
    const stack = [i];
    while (stack.length > 0) {
      const cur = stack[stack.length - 1]!;
      const from = env.subprogs[cur]!.postorderStart, to = env.subprogs[cur + 1]!.postorderStart;
      let pushed = false;
      for (let j = from; j < to; j++) {
        const idx = env.insnPostorder[j]!;
        const insn = env.insns[idx]!;
        if (!isPseudoCall(insn) && !isPseudoFunc(insn)) continue;
        const callee = env.findSubprog(idx + insn.imm + 1);
        if (callee < 0) env.failSilently("EFAULT");
        if (color[callee] === 2) continue;
        if (color[callee] === 1) {
          if (isPseudoFunc(insn)) continue;
          env.insnIdx = idx;
          env.fail("EINVAL", `recursive call from ${env.subprogName(cur)}() to ${env.subprogName(callee)}()`);
        }
        color[callee] = 1;
        stack.push(callee);
        pushed = true;
        break;
      }
      if (pushed) continue;
      color[cur] = 2;
      env.subprogTopoOrder.push(cur);
      stack.pop();
    }
  }
  if (env.log.level2) env.subprogTopoOrder.forEach((s, i) => env.verbose(`topo_order[${i}] = ${env.subprogName(s)}\n`));
}
