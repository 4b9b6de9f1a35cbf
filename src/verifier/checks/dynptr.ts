/** Dynptr arguments (kernel process_dynptr_func). */
import type { Env } from "../state/env.ts";
import type { CallMeta } from "./helper-args.ts";

/** @param flags of the argument type */
export function processDynptrFunc(env: Env, _regno: number, _insnIdx: number, _flags: number, _meta: CallMeta): void {
  env.unsupported("dynptrs are not simulated yet");
}
