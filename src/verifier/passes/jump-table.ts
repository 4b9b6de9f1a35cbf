/** Jump tables of gotox (kernel create_jt, 6.19+). */
import type { Env } from "../state/env.ts";

/** Sorted targets of an indirect jump. */
export function createJumpTable(env: Env, _t: number): number[] {
  return env.unsupported("indirect jumps (gotox) through instruction arrays are not simulated");
}
