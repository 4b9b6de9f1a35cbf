/** Why a program was refused, in plain words beside the kernel's (types.ts Explanation). */
import type { Env } from "../state/env.ts";
import type { Explanation, VerifyResult } from "../types.ts";

export function explain(env: Env, result: VerifyResult): Explanation {
  return { family: "other", check: "", title: result.message, reason: result.message, insn: result.insn!, insnText: "", ...(result.source ? { source: result.source } : {}), operands: [], related: [], path: [], branches: 0, fixes: [] };
}
