/** Calls of kernel functions (kernel check_kfunc_call). */
import type { Insn } from "../../isa/types.ts";
import type { Flow } from "../passes/do-check.ts";
import type { Env } from "../state/env.ts";
import { kfuncCallName } from "../passes/insn-info.ts";

export function checkKfuncCall(env: Env, insn: Insn): Flow {
  return env.unsupported(`kfunc calls are not simulated yet (${kfuncCallName(env, insn)})`);
}
