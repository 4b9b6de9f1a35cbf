/** ld_abs and ld_ind: packet bytes by offset (kernel check_ld_abs). */
import { BPF_IND, bpfMode } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import { markRegKnownZero } from "../state/reg-state.ts";
import { PTR_TO_CTX, SCALAR_VALUE } from "../state/reg-type.ts";
import { prepareFuncExit } from "./exit.ts";
import { checkPtrOffReg } from "./mem-region.ts";
import { checkResourceLeak } from "./refs.ts";
import { checkRegRead, clearCallerSaved, markUnknown } from "./reg-arg.ts";

const SKB_TYPES = new Set(["socket_filter", "sched_cls", "sched_act"]);

export function checkLdAbs(env: Env, insn: Insn): void {
  const st = env.curState;
  if (!SKB_TYPES.has(env.progType)) env.fail("EINVAL", "BPF_LD_[ABS|IND] instructions not allowed for this program type");
  for (let i = st.curframe; i > 0; i--) if (st.frames[i]!.inCallbackFn) env.fail("EINVAL", "cannot use BPF_LD_[ABS|IND] within callback");
  checkRegRead(env, 6);
  checkResourceLeak(env, false, true, "BPF_LD_[ABS|IND]");
  if (env.reg(6).type !== PTR_TO_CTX) env.fail("EINVAL", "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
  if (bpfMode(insn.code) === BPF_IND) checkRegRead(env, insn.src);
  checkPtrOffReg(env, env.reg(6), 6, false);
  clearCallerSaved(env, env.cur);
  const r0 = env.mut(0);
  markUnknown(env, r0);
  r0.subregDef = env.insnIdx + 1;
  if (!env.f.ld_abs_leaves_subprog || !st.curframe) return;
  env.markRegScratched(0);
  env.pushStack(env.insnIdx + 1, env.insnIdx);
  const z = env.mut(0);
  markRegKnownZero(z);
  z.type = SCALAR_VALUE;
  env.insnIdx = prepareFuncExit(env) - 1;
}
