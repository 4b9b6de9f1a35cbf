/** bpf_spin_lock and its kin (kernel process_spin_lock). */
import type { Env } from "../state/env.ts";

export function processSpinLock(env: Env, _regno: number, _isLock: boolean): void {
  env.unsupported("spin locks are not simulated yet");
}
