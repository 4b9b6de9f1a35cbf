/** Which halves of stack slots later instructions may still read (kernel liveness.c of 6.18+). */
import type { Env } from "../state/env.ts";
import type { VState } from "../state/state.ts";

/**
 * A query for the state: (frame, half slot) → may it be read? Half slot 2·i is the half of slot i nearer to the frame pointer.
 */
export function stackLiveness(_env: Env, _st: VState): (frame: number, halfSpi: number) => boolean {
  return () => true;
}

/** Runs the analysis once per program. */
export function computeStackLiveness(_env: Env): void {}
