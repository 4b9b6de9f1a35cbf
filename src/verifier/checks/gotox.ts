/** Jumps through a register (kernel check_indirect_jump, 6.19+). */
import type { Insn } from "../../isa/types.ts";
import type { Flow } from "../passes/do-check.ts";
import type { Env } from "../state/env.ts";

export function checkIndirectJump(env: Env, _insn: Insn): Flow {
  return env.unsupported("indirect jumps are not simulated yet");
}
