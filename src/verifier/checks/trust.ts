/** Trusted, RCU-protected and untrusted pointers (kernel is_trusted_reg, is_rcu_reg). */
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { regIsReferenced } from "./refs.ts";

export function isTrustedReg(env: Env, r: RegState): boolean {
  if (regIsReferenced(env, r)) return true;
  const b = T.baseType(r.type);
  if ((b === T.PTR_TO_SOCKET || b === T.PTR_TO_SOCK_COMMON || b === T.PTR_TO_TCP_SOCK || b === T.CONST_PTR_TO_MAP) && !T.typeHasUnsafeModifiers(r.type)) return true;
  return (T.typeFlag(r.type) & T.BPF_REG_TRUSTED_MODIFIERS) !== 0 && !T.typeHasUnsafeModifiers(r.type);
}
export const isRcuReg = (r: RegState): boolean => (r.type & T.MEM_RCU) !== 0;
