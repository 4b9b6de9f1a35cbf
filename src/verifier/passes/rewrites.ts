/** What is refused while accesses are rewritten, after the whole program was found safe (kernel convert_ctx_accesses). */
import { checkCtxLoadsRewritten } from "../checks/ctx-unrewritten.ts";
import { PTR_TO_ARENA, baseType } from "../state/reg-type.ts";
import type { Env } from "../state/env.ts";

const LDX = 1;
const MEMSX = 0x80;

export function checkRewrites(env: Env): void {
  checkCtxLoadsRewritten(env);
  if (env.f.arena_ldsx) return;
  env.insns.forEach((insn, i) => {
    if ((insn.code & 7) !== LDX || (insn.code & 0xe0) !== MEMSX || baseType(env.aux[i]!.ptrType) !== PTR_TO_ARENA) return;
    env.insnIdx = i;
    env.lookingAt = i;
    env.fail("EOPNOTSUPP", "sign extending loads from arena are not supported yet");
  });
}
