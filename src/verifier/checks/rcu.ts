/** What RCU protected is no longer to be trusted once the section ends (kernel invalidate_rcu_protected_refs). */
import type { Env } from "../state/env.ts";
import { STACK_ITER, STACK_SPILL } from "../state/frame.ts";
import * as T from "../state/reg-type.ts";
import { forEachReg } from "../state/state.ts";

/** After a section ended that protects as RCU does (7.3+). */
export function leftSection(env: Env): void {
  if (env.f.rcu_by_any_section && !env.inRcuCs()) invalidateRcuPointers(env);
}
export function invalidateRcuPointers(env: Env): void {
  forEachReg(env.curState, (r, mut) => {
    if (!(r.type & T.MEM_RCU)) return;
    const m = mut();
    m.type = (m.type & ~(T.MEM_RCU | T.PTR_MAYBE_NULL | (env.f.rcu_by_any_section ? T.NON_OWN_REF : 0))) | T.PTR_UNTRUSTED;
  }, (1 << STACK_SPILL) | (1 << STACK_ITER));
}
