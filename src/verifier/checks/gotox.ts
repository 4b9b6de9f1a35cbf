/** Jumps through a register (kernel check_indirect_jump, 6.19+). */
import type { Insn } from "../../isa/types.ts";
import type { Flow } from "../passes/do-check.ts";
import { jumpTargets } from "../passes/jump-table.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import { PTR_TO_INSN } from "../state/reg-type.ts";

const MAX = 0xffff_ffffn * 8n;

export function checkIndirectJump(env: Env, insn: Insn): Flow {
  const reg = env.reg(insn.dst);
  if (reg.type !== PTR_TO_INSN) env.fail("EINVAL", `R${insn.dst} has type ${regTypeStr(env, reg.type)}, expected PTR_TO_INSN`);
  const map = reg.map;
  if (!map) return env.bug(`R${insn.dst} has an empty map pointer`);
  const off = BigInt(reg.off);
  const umin = reg.r64.umin + off, umax = reg.r64.umax + off;
  if (umin > MAX) env.fail("ERANGE", `the sum of R${insn.dst} umin_value ${reg.r64.umin}${env.f.ptr_fixed_off ? ` and off ${reg.off}` : ""} is too big`);
  if (umax > MAX) env.fail("ERANGE", `the sum of R${insn.dst} umax_value ${reg.r64.umax}${env.f.ptr_fixed_off ? ` and off ${reg.off}` : ""} is too big`);
  const lo = umin / 8n, hi = umax / 8n;
  if (hi >= BigInt(map.maxEntries)) env.fail("EINVAL", `R${insn.dst} points to outside of jump table: [${lo},${hi}] max_entries ${map.maxEntries}`);
  const targets = jumpTargets(map, Number(lo), Number(hi));
  const last = targets.pop();
  if (last === undefined) return env.fail("EINVAL", `register R${insn.dst} doesn't point to any offset in map id=0`);
  for (const t of targets) {
    env.aux[t]!.indirectTarget = true;
    env.pushStack(t, env.insnIdx, env.curState.speculative);
  }
  env.insnIdx = last;
  env.aux[last]!.indirectTarget = true;
  return "jumped";
}
