/** Dynptrs on the stack: marking, overwriting, invalidating their two slots. */
import type { Env } from "../state/env.ts";
import { type FuncState, slotType, STACK_DYNPTR } from "../state/frame.ts";

/** Both slots of the dynptr at `spi` become invalid (kernel invalidate_dynptr). */
export function invalidateDynptrSlot(env: Env, _frame: FuncState, _spi: number): void {
  env.unsupported("dynptrs are not simulated yet");
}
/** A plain write into a dynptr's slot destroys it (kernel destroy_if_dynptr_stack_slot). */
export function destroyIfDynptrSlot(env: Env, frame: FuncState, spi: number): void {
  if (slotType(frame.stack[spi]!.types, 7) !== STACK_DYNPTR) return;
  env.unsupported("dynptrs are not simulated yet");
}
