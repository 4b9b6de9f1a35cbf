/** Helpers that end a reference (the release part of kernel check_helper_call). */
import type { Env } from "../state/env.ts";
import { registerIsNull } from "../state/reg-state.ts";
import type { CallMeta } from "./helper-args.ts";
import { regIsReferenced, releaseReference } from "./refs.ts";

export function releaseHelperReg(env: Env, meta: CallMeta): void {
  const reg = env.reg(meta.releaseRegno);
  if (registerIsNull(reg)) return;
  if (meta.dynptrId || meta.dynptrRefObjId) env.unsupported("dynptrs are not simulated yet");
  if (!regIsReferenced(env, reg)) env.failSilently("EINVAL");
  releaseReference(env, env.f.ref_obj_ids ? meta.refObjId : reg.id);
}
