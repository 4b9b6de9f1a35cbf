/** Calls of kernel functions: from the main loop to checks/kfunc/. */
import type { Insn } from "../../isa/types.ts";
import type { Flow } from "../passes/do-check.ts";
import type { Env } from "../state/env.ts";
import { checkKfuncCall as check } from "./kfunc/call.ts";

export function checkKfuncCall(env: Env, insn: Insn): Flow {
  return check(env, insn, env.insnIdx);
}
