/** The end of a reference by a helper or kfunc (kernel release_reg, ref_convert_alloc_rcu_protected). */
import type { Env } from "../state/env.ts";
import { registerIsNull, type RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { forEachReg } from "../state/state.ts";
import { releaseDynptr } from "./dynptr.ts";
import { releaseOldDynptr } from "./dynptr-old.ts";
import type { CallMeta } from "./helper-args.ts";
import { markRegInvalid } from "./packet-range.ts";
import { needAcquired, regIsReferenced, releaseReference, releaseReferenceNoMark } from "./refs.ts";

/** @param convertRcu the object stays readable within the RCU section @param dynptr the argument is one */
export function releaseReg(env: Env, reg: RegState, convertRcu: boolean, dynptr: boolean): void {
  if (registerIsNull(reg)) return;
  if (dynptr) return env.f.dynptr_slots_watched ? releaseDynptr(env, reg) : releaseOldDynptr(env, reg);
  const id = env.f.ref_obj_ids ? reg.refObjId : reg.id;
  if (convertRcu) return convertToRcu(env, id);
  if (!regIsReferenced(env, reg)) env.failSilently("EINVAL");
  releaseReference(env, id);
}

/** A per-CPU object given away under RCU may still be read. */
function convertToRcu(env: Env, id: number): void {
  if (!releaseReferenceNoMark(env, env.curState, id)) env.failSilently("EINVAL");
  forEachReg(env.curState, (r, mut) => {
    if ((env.f.ref_obj_ids ? r.refObjId : r.id) !== id) return;
    const m = mut();
    if (m.type & T.MEM_ALLOC && m.type & T.MEM_PERCPU) {
      m.id = 0;
      m.refObjId = 0;
      m.type = (m.type & ~T.MEM_ALLOC) | T.MEM_RCU;
    } else markRegInvalid(env, m);
  });
}

/** Helpers that end a reference, in releases whose prototypes do not say so (kernel is_release_function). */
const RELEASES = new Set(["bpf_sk_release", "bpf_ringbuf_submit", "bpf_ringbuf_discard"]);
/** Before 5.18 a helper is known to release, and whatever referenced argument it has is what it releases. */
export function releaseByName(env: Env, meta: CallMeta, helper: number): void {
  if (!RELEASES.has(meta.func)) return;
  needAcquired(env, meta.refObjId, `func ${meta.func}#${helper}`);
  releaseReference(env, meta.refObjId);
}

/** The release argument of a helper. */
export function releaseHelperReg(env: Env, meta: CallMeta, helper: number): void {
  const reg = env.reg(meta.releaseRegno);
  if (meta.dynptrId === 0 && !registerIsNull(reg)) needAcquired(env, reg.refObjId, `func ${meta.func}#${helper}`);
  const percpu = (reg.type & T.MEM_ALLOC) !== 0 && (reg.type & T.MEM_PERCPU) !== 0;
  releaseReg(env, reg, meta.func === "bpf_kptr_xchg" && env.inRcuCs() && percpu, meta.dynptrId !== 0);
}
