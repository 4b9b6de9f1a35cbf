/** LSM hooks by what the verifier must know of them, out of the kernel's own lists. Names are whole: "bpf_lsm_file_open". */
import type { Env } from "../state/env.ts";
import { inIdSet } from "../state/id-sets.ts";

/** 5.10 calls its list btf_sleepable_lsm_hooks. */
export const isSleepableLsmHook = (env: Env, name: string): boolean =>
  inIdSet(env.kernel, "sleepable_lsm_hooks", name) || inIdSet(env.kernel, "btf_sleepable_lsm_hooks", name);
export const isDisabledLsmHook = (env: Env, name: string): boolean => inIdSet(env.kernel, "bpf_lsm_disabled_hooks", name);
/** Gives a truth value, not an error number. */
export const isBoolLsmHook = (env: Env, name: string): boolean => inIdSet(env.kernel, "bool_lsm_hooks", name);
/** Its arguments are being made or torn down. */
export const isUntrustedLsmHook = (env: Env, name: string): boolean => inIdSet(env.kernel, "untrusted_lsm_hooks", name);
