/** A state as typed data: what the log prints of it, register by register, with the numbers behind the text. */
import type { Env } from "../state/env.ts";
import { type FuncState, MAX_BPF_REG, slotType, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_POISON, STACK_SPILL } from "../state/frame.ts";
import { baseId, type RegState } from "../state/reg-state.ts";
import { NOT_INIT, SCALAR_VALUE } from "../state/reg-type.ts";
import { isLockRef, type VState } from "../state/state.ts";
import type { BoundsView, RegView, StateView } from "../types.ts";
import { dynptrTypeStr, printRegState, regTypeStr } from "./print-state.ts";

export function boundsView(r: RegState): BoundsView {
  const { r64: a, r32: b, varOff: t } = r;
  return {
    umin: a.umin.toString(), umax: a.umax.toString(), smin: a.smin.toString(), smax: a.smax.toString(),
    u32min: b.umin.toString(), u32max: b.umax.toString(), s32min: b.smin.toString(), s32max: b.smax.toString(),
    value: `0x${t.value.toString(16)}`, mask: `0x${t.mask.toString(16)}`,
  };
}
export function regView(env: Env, frame: FuncState, reg: RegState, name: string): RegView {
  const type = regTypeStr(env, reg.type) || "scalar";
  const still = reg.type !== SCALAR_VALUE && reg.varOff.mask === 0n && reg.varOff.value === 0n;
  return { name, text: printRegState(env, frame, reg), type, precise: reg.precise, id: baseId(reg.id), ...(still ? {} : { bounds: boundsView(reg) }) };
}

const SLOT_WORDS: Readonly<Record<string, string>> = { "?": "?", m: "m", "0": "0", p: "?" };
function slotView(env: Env, frame: FuncState, spi: number): RegView | null {
  const slot = frame.stack[spi]!;
  const name = `fp${-(spi + 1) * 8}`;
  const kind = slotType(slot.types, 7);
  const reg = slot.spilled;
  const plain = (text: string, type: string): RegView => ({ name, text, type, precise: false, id: baseId(reg.id) });
  switch (kind) {
    case STACK_SPILL: return regView(env, frame, reg, name);
    case STACK_DYNPTR: return plain(`dynptr_${dynptrTypeStr(reg.dynptrType)}`, "dynptr");
    case STACK_ITER: return plain(`iter_${(reg.btf?.type(reg.btfId)?.name ?? "").replace(/^bpf_iter_/, "")}(state=${reg.iterState},depth=${reg.iterDepth})`, "iter");
    case STACK_IRQ_FLAG: return plain("irq flags", "irq");
  }
  let chars = "";
  for (let i = 0; i < 8; i++) {
    const t = slotType(slot.types, i);
    chars += t === STACK_INVALID || t === STACK_POISON ? SLOT_WORDS["?"]! : t === 3 ? "0" : t === STACK_SPILL ? "r" : "m";
  }
  return chars === "????????" ? null : plain(chars, "bytes");
}

function held(st: VState): string[] {
  const out = st.refs.filter((r) => r.id !== 0).map((r) => (r.type === "irq" ? `IRQs off (insn ${r.insnIdx})` : isLockRef(r.type) ? `lock (insn ${r.insnIdx})` : `reference ${r.id} (insn ${r.insnIdx})`));
  if (st.activeLocks > 0 && !st.refs.some((r) => isLockRef(r.type))) out.push("lock");
  if (st.activeRcuLocks > 0) out.push("RCU");
  if (st.activePreemptLocks > 0) out.push("preemption off");
  return out;
}

/** The innermost frame of `st`, and what the path holds. */
export function stateView(env: Env, st: VState): StateView {
  const frame = st.cur;
  const regs: RegView[] = [];
  for (let i = 0; i < MAX_BPF_REG; i++) {
    const r = frame.regs[i]!;
    if (r.type !== NOT_INIT) regs.push(regView(env, frame, r, `r${i}`));
  }
  const stack: RegView[] = [];
  for (let i = 0; i < frame.stack.length; i++) {
    const view = slotView(env, frame, i);
    if (view) stack.push(view);
  }
  return { frame: st.curframe, calls: st.frames.map((f) => env.subprogName(f.subprogno) || (f.subprogno === 0 ? env.prog.name : `func#${f.subprogno}`)), regs, stack, held: held(st) };
}
