/** Why a program was refused, in plain words beside the kernel's (types.ts Explanation). */
import type { Env } from "../state/env.ts";
import type { Explanation, VerifyResult } from "../types.ts";

export function explain(env: Env, result: VerifyResult): Explanation {
  const out: Explanation = { check: "verifier", title: result.message, reason: result.message, insn: env.insnIdx, path: [], fixes: [] };
  if (result.source) out.source = result.source;
  return out;
}
