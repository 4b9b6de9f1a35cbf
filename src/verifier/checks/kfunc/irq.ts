/** Saved IRQ flags on the stack, restored in the reverse order (kernel process_irq_flag, acquire_irq_state, release_irq_state). */
import { markSlotRead, markSlotWritten } from "../../passes/stack-live-marks.ts";
import type { Env } from "../../state/env.ts";
import { allTypes, slotType, STACK_INVALID, STACK_IRQ_FLAG } from "../../state/frame.ts";
import { markRegKnownZero } from "../../state/reg-state.ts";
import { PTR_TO_STACK } from "../../state/reg-type.ts";
import { leftSection } from "../rcu.ts";
import { checkMemAccess } from "../mem.ts";
import { markNotInit } from "../reg-arg.ts";
import { argName, type KfuncMeta } from "./meta.ts";
import { is } from "./special.ts";
import { stackObjectSpi } from "./stack-object.ts";

const NATIVE = 0, LOCK = 1;
const className = (c: number): string => (c === NATIVE ? "native" : "lock");

function acquireIrqState(env: Env, insnIdx: number): number {
  const id = env.newId();
  const st = env.curState;
  st.refs = [...st.refs, { type: "irq", id, insnIdx, parentId: 0, ptr: null, callbackRef: 0 }];
  st.activeIrqId = id;
  return id;
}
/** Ends the section; only the one begun last may end. */
function releaseIrqState(env: Env, id: number): boolean {
  const st = env.curState;
  if (id !== st.activeIrqId) return false;
  let prev = 0;
  for (const ref of st.refs) {
    if (ref.type !== "irq") continue;
    if (ref.id === id) {
      st.refs = st.refs.filter((r) => r !== ref);
      st.activeIrqId = prev;
      return true;
    }
    prev = ref.id;
  }
  return false;
}

export function processIrqFlag(env: Env, meta: KfuncMeta, i: number): void {
  const regno = i + 1;
  const save = is(meta, "bpf_local_irq_save") || is(meta, "bpf_res_spin_lock_irqsave");
  const kfuncClass = is(meta, "bpf_res_spin_lock_irqsave") || is(meta, "bpf_res_spin_unlock_irqrestore") ? LOCK : NATIVE;
  if (!save && !is(meta, "bpf_local_irq_restore") && !is(meta, "bpf_res_spin_unlock_irqrestore")) env.bug("unknown irq flags kfunc");
  const reg = env.reg(regno);
  const spi = stackObjectSpi(env, reg, "irq_flag", 1);
  const frame = env.frameOf(reg);
  if (save) {
    const used = typeof spi === "number" && [0, 1, 2, 3, 4, 5, 6, 7].some((j) => slotType(frame.stack[spi]!.types, j) === STACK_IRQ_FLAG);
    if (spi === "bad" || used) env.fail("EINVAL", `expected uninitialized irq flag as ${argName(env, i)}`);
    checkMemAccess(env, env.insnIdx, reg, regno, 0, 8, "write", -1, false, false);
    const at = stackObjectSpi(env, env.reg(regno), "irq_flag", 1);
    if (typeof at !== "number") return env.failSilently("EINVAL");
    const id = acquireIrqState(env, env.insnIdx);
    const st = frame.mutSpilled(at);
    markRegKnownZero(st);
    st.type = PTR_TO_STACK;
    if (env.f.ref_obj_ids) st.refObjId = id;
    else st.id = id;
    st.irqClass = kfuncClass;
    frame.mutSlot(at).types = allTypes(STACK_IRQ_FLAG);
    markSlotWritten(env, frame, at);
    env.markSlotScratched(at);
    return;
  }
  if (typeof spi !== "number" || frame.stack[spi]!.types !== allTypes(STACK_IRQ_FLAG)) return env.fail("EINVAL", `expected an initialized irq flag as ${argName(env, i)}`);
  markSlotRead(env, frame, spi);
  env.markSlotScratched(spi);
  const st = frame.stack[spi]!.spilled;
  if (st.irqClass !== kfuncClass) env.fail("EINVAL", `irq flag acquired by ${className(st.irqClass)} kfuncs cannot be restored with ${className(kfuncClass)} kfuncs`);
  if (!releaseIrqState(env, env.f.ref_obj_ids ? st.refObjId : st.id)) {
    const { activeIrqId, refs } = env.curState;
    env.fail("EACCES", `cannot restore irq state out of order, expected id=${activeIrqId} acquired at insn_idx=${refs.find((r) => r.id === activeIrqId)?.insnIdx ?? 0}`);
  }
  markNotInit(env, frame.mutSpilled(spi));
  frame.mutSlot(spi).types = allTypes(STACK_INVALID);
  markSlotWritten(env, frame, spi);
  env.markSlotScratched(spi);
  leftSection(env);
}
