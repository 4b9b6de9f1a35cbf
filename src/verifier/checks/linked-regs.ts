/** Scalars that share an id learn from each other's comparisons (kernel collect_linked_regs, sync_linked_regs, find_equal_scalars). */
import type { Insn } from "../../isa/types.ts";
import { scalarAdd } from "../domains/alu.ts";
import { zext32to64 } from "../domains/bounds.ts";
import type { Env } from "../state/env.ts";
import { BPF_REG_FP, isSpilledReg, slotType, STACK_SPILL } from "../state/frame.ts";
import { addConstBits, baseId, BPF_ADD_CONST32, clearScalarId, constReg, type RegState } from "../state/reg-state.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { forEachReg, type LinkedReg, type VState } from "../state/state.ts";

const LINKED_REGS_MAX = 6;

/** Registers and slots linked to the operands. Beyond the limit ids are dropped. */
export function collectLinkedRegs(env: Env, st: VState, insn: Insn, byReg: boolean): LinkedReg[] {
  const out: LinkedReg[] = [];
  const src = byReg ? env.reg(insn.src) : null;
  if (src?.type === SCALAR_VALUE && src.id) collect(env, st, baseId(src.id), out);
  const dst = env.reg(insn.dst);
  if (dst.type === SCALAR_VALUE && dst.id) collect(env, st, baseId(dst.id), out);
  return out;
}
function collect(env: Env, st: VState, id: number, out: LinkedReg[]): void {
  const max = env.f.linked_regs_five ? 5 : LINKED_REGS_MAX;
  const add = (r: RegState, mut: () => RegState, frame: number, index: number, isReg: boolean): void => {
    if (r.type !== SCALAR_VALUE || baseId(r.id) !== id) return;
    if (out.length < max) out.push({ frame, isReg, index });
    else clearScalarId(mut());
  };
  for (let f = st.curframe; f >= 0; f--) {
    const func = st.frames[f]!;
    const live = env.f.linked_live_only ? env.aux[env.frameInsnIdx(st, f)]!.liveRegsBefore : 0xffff;
    for (let i = 0; i < BPF_REG_FP; i++) if (live & (1 << i)) add(func.regs[i]!, () => func.mut(i), f, i, true);
    for (let i = 0; i < func.stack.length; i++) if (isSpilledReg(func.stack[i]!)) add(func.stack[i]!.spilled, () => func.mutSpilled(i), f, i, false);
  }
}

/** Copies what is known of `known` (a register of `st`) to those linked to it. */
export function syncLinkedRegs(env: Env, st: VState, known: RegState, linked: readonly LinkedReg[]): void {
  if (!env.f.linked_regs_history) {
    if (env.f.scalar_ids)
      forEachReg(st, (r, mut, slot) => {
        // before 6.6 spills of less than 8 bytes are passed over
        if (slot && !env.f.partial_spills_visited && slotType(slot.types, 0) !== STACK_SPILL) return;
        if (r !== known && r.type === SCALAR_VALUE && r.id === known.id) copyKnown(mut(), known);
      });
    return;
  }
  for (const e of linked) {
    const func = st.frames[e.frame]!;
    const r = e.isReg ? func.regs[e.index]! : func.stack[e.index]!.spilled;
    if (r.type !== SCALAR_VALUE || r === known || baseId(r.id) !== baseId(known.id)) continue;
    const rb = addConstBits(r.id), kb = addConstBits(known.id);
    if (env.f.linked_add_const_wide && rb && kb && rb !== kb) continue;
    const m = e.isReg ? func.mut(e.index) : func.mutSpilled(e.index);
    if ((!rb && !kb) || m.off === known.off) copyKnown(m, known, !env.f.keep_subreg_def_on_sync);
    else {
      const { off, id } = m;
      copyKnown(m, known, !env.f.keep_subreg_def_on_sync);
      const delta = constReg(BigInt(off) - BigInt(known.off));
      m.off = off;
      m.id = id;
      scalarAdd(env.dom, m, delta);
      if (rb === BPF_ADD_CONST32 || kb === BPF_ADD_CONST32) zext32to64(env.dom, m);
      if (env.f.linked_bounds_synced) env.dom.sync(m);
    }
    if (!env.f.log_linked_changes) continue;
    if (e.isReg) env.markRegScratched(e.index);
    else env.markSlotScratched(e.index);
  }
}
function copyKnown(m: RegState, known: RegState, withSubregDef = false): void {
  m.varOff = known.varOff;
  m.r64 = known.r64;
  m.r32 = known.r32;
  m.id = known.id;
  m.off = known.off;
  m.precise = known.precise;
  if (withSubregDef) m.subregDef = known.subregDef;
}
