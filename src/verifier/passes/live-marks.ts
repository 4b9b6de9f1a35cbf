/** Liveness as marks on registers, handed up the chain of parent states (kernel mark_reg_read of releases before static liveness). */
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";

export const REG_LIVE_READ32 = 1;
export const REG_LIVE_READ64 = 2;
export const REG_LIVE_WRITTEN = 4;
export const REG_LIVE_DONE = 8;

export function markRegWritten(reg: RegState): void {
  reg.live |= REG_LIVE_WRITTEN;
}
export function markRegRead(env: Env, _reg: RegState, _full: boolean): void {
  env.unsupported("this release's liveness marks are not simulated");
}
