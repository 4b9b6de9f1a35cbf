/** Spin locks and what is forbidden under them (kernel process_spin_lock and the check before a call). */
import type { Insn } from "../../isa/types.ts";
import { helperName, isHelperCall, isKfuncCall, kfuncCallName } from "../passes/insn-info.ts";
import { isArenaApi, isGraphApi, isIterNum, isResSpinLock, isStreamApi } from "./kfunc/special.ts";
import type { Env } from "../state/env.ts";

/** What a kfunc may do under a lock: flagged since 7.3, before that known by name (kernel kfunc_spin_allowed). */
function kfuncAllowed(env: Env, insn: Insn): boolean {
  const entry = env.kernel.kfuncById(env.prog.kfuncModules[insn.off] ?? null, insn.imm);
  if (env.f.spinlock_safe_flag) return entry?.flags.includes("KF_SPINLOCK_SAFE") ?? false;
  const { f } = env;
  const called = { vmlinux: insn.off === 0 || entry?.origin !== undefined, name: entry?.origin ?? kfuncCallName(env, insn) };
  return isGraphApi(called) || (f.iter_num_under_lock && isIterNum(called)) || isResSpinLock(called) || (f.arena_calls_under_lock && (isArenaApi(called) || isStreamApi(called)));
}
export function checkCallAllowedUnderLock(env: Env, insn: Insn): void {
  if (!env.curState.activeLocks) return;
  if (isHelperCall(insn)) {
    const name = helperName(env, insn);
    if (name === "bpf_spin_unlock" || (name === "bpf_kptr_xchg" && env.f.kptr_xchg_under_lock)) return;
  } else if (isKfuncCall(insn)) {
    if (kfuncAllowed(env, insn)) return;
  } else if (env.f.static_calls_under_lock) return;
  env.fail("EINVAL", "function calls are not allowed while holding a lock");
}
