/** Is a state already covered by an explored one? (kernel states_equal, regsafe, stacksafe, refsafe) */
import { tnumIn } from "../domains/tnum.ts";
import type { Env } from "../state/env.ts";
import {
  type FuncState, MAX_BPF_REG, slotType, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_MISC, STACK_POISON, STACK_SPILL, STACK_ZERO,
  type StackSlot,
} from "../state/frame.ts";
import { addConstBits, baseId, RegState, sameTypeData, sameUpToId } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { VState } from "../state/state.ts";
import { oldStatesEqual } from "./states-equal-old.ts";

export type Exact = "not" | "exact" | "range";

const NONE: number[] = [];
/** Pairs of ids that must correspond. */
export class IdMap {
  // made when the first pair comes: most comparisons end before
  private old: number[] | null = null;
  private cur: number[] = NONE;
  tmpIdGen: number;
  constructor(tmpIdGen: number) {
    this.tmpIdGen = tmpIdGen;
  }
  private start(): number[] {
    this.cur = [];
    return [];
  }
  /** Kernel check_ids. */
  check(oldId: number, curId: number, oneToOne: boolean): boolean {
    if ((oldId !== 0) !== (curId !== 0)) return false;
    if (oldId === 0) return true;
    const old = (this.old ??= this.start());
    for (let i = 0; i < old.length; i++) {
      if (old[i] === oldId) return this.cur[i] === curId;
      if (oneToOne && this.cur[i] === curId) return false;
    }
    old.push(oldId);
    this.cur.push(curId);
    return true;
  }
}
function checkIds(env: Env, a: number, b: number, m: IdMap): boolean {
  return m.check(a, b, env.f.ids_one_to_one);
}
function checkScalarIds(env: Env, oldId: number, curId0: number, m: IdMap): boolean {
  if (env.f.scalar_ids_zero_ok) {
    if (!oldId) return true;
    const curId = curId0 || ++m.tmpIdGen;
    if (!checkIds(env, oldId, curId, m)) return false;
    if (addConstBits(oldId)) return checkIds(env, baseId(oldId), baseId(curId), m);
    return true;
  }
  return checkIds(env, oldId || ++m.tmpIdGen, curId0 || ++m.tmpIdGen, m);
}
const idsOf = (env: Env, a: RegState, b: RegState, m: IdMap): boolean =>
  checkIds(env, a.id, b.id, m) && (env.f.ref_obj_ids ? checkIds(env, a.refObjId, b.refObjId, m) : checkIds(env, a.parentId, b.parentId, m));

/** Which inner map a pointer stands for: an id like others since 7.3. */
const uidsOk = (env: Env, a: RegState, b: RegState, m: IdMap): boolean => !env.f.map_uids_mapped || checkIds(env, a.mapUid, b.mapUid, m);

function regsExact(env: Env, o: RegState, c: RegState, m: IdMap): boolean {
  return sameUpToId(o, c, !env.f.map_uids_mapped) && idsOf(env, o, c, m) && uidsOk(env, o, c, m);
}
/** Does safety with `o` imply safety with `c`? */
export function regsafe(env: Env, o: RegState, c: RegState, m: IdMap, exact: Exact): boolean {
  if (exact === "exact") return regsExact(env, o, c, m);
  if (env.f.live_marks) {
    if ((o.live & 3) === 0 && exact === "not") return true;
    if (o.type === T.NOT_INIT && (exact === "not" || c.type === T.NOT_INIT)) return true;
  } else if (o.type === T.NOT_INIT) return true;
  if (o.type !== c.type) return false;
  switch (T.baseType(o.type)) {
    case T.SCALAR_VALUE:
      if (env.exploreAluLimits) return sameUpToId(o, c) && checkScalarIds(env, o.id, c.id, m);
      if (!o.precise && exact === "not") return true;
      if (env.f.linked_add_const) {
        if (env.f.scalar_ids_zero_ok) {
          if (o.id && addConstBits(o.id) !== addConstBits(c.id)) return false;
        } else if ((addConstBits(o.id) !== 0) !== (addConstBits(c.id) !== 0)) return false;
        if (addConstBits(o.id) && o.off !== c.off) return false;
      }
      if (!env.f.scalar_ids_zero_ok) {
        if (!(env.dom.within(o, c) && tnumIn(o.varOff, c.varOff))) return false;
        return env.f.scalar_ids_compared ? checkScalarIds(env, o.id, c.id, m) : true;
      }
      if (!checkScalarIds(env, o.id, c.id, m)) return false;
      return env.dom.within(o, c) && tnumIn(o.varOff, c.varOff);
    case T.PTR_TO_MAP_KEY:
    case T.PTR_TO_MAP_VALUE:
    case T.PTR_TO_MEM:
    case T.PTR_TO_BUF:
    case T.PTR_TO_TP_BUFFER:
      return sameTypeData(o, c, !env.f.map_uids_mapped) && env.dom.within(o, c) && tnumIn(o.varOff, c.varOff) && idsOf(env, o, c, m) && uidsOk(env, o, c, m);
    case T.PTR_TO_PACKET_META:
    case T.PTR_TO_PACKET:
      if (o.range < 0 || c.range < 0) {
        if (o.range !== c.range) return false;
      } else if (o.range > c.range) return false;
      if (env.f.ptr_fixed_off && o.off !== c.off) return false;
      if (!checkIds(env, o.id, c.id, m)) return false;
      if (!env.f.ptr_fixed_off && o.id && o.r64.base !== c.r64.base) return false;
      return env.dom.within(o, c) && tnumIn(o.varOff, c.varOff);
    case T.PTR_TO_STACK:
      return regsExact(env, o, c, m) && o.frameno === c.frameno;
    case T.PTR_TO_ARENA:
      return true;
    case T.PTR_TO_INSN:
      return sameTypeData(o, c) && env.dom.within(o, c) && tnumIn(o.varOff, c.varOff);
    default:
      return regsExact(env, o, c, m);
  }
}

const UNBOUND = new RegState();
UNBOUND.type = T.SCALAR_VALUE;
const NOT_INIT_REG = new RegState();

/** The scalar that a load from bytes im… of the slot would give, where that is known. */
function scalarRegForStack(env: Env, s: StackSlot, im: number): RegState | null {
  if (slotType(s.types, im) === STACK_SPILL && s.spilled.type === T.SCALAR_VALUE && (env.f.stacksafe_half_slots || slotType(s.types, 0) === STACK_SPILL)) return s.spilled;
  for (let i = im; i < 8; i++) {
    const t = slotType(s.types, i);
    if (t === STACK_MISC || ((t === STACK_INVALID || (t === STACK_POISON && env.f.stacksafe_poison_as_misc)) && env.allowUninitStack)) continue;
    return null;
  }
  return UNBOUND;
}
const unpoison = (t: number): number => (t === STACK_POISON ? STACK_INVALID : t);

function stacksafe(env: Env, o: FuncState, c: FuncState, m: IdMap, exact: Exact): boolean {
  const n = o.stack.length * 8;
  for (let i = 0; i < n; i++) {
    const spi = i >> 3, im = i & 7;
    const os = o.stack[spi]!, cs = c.stack[spi];
    const ot = slotType(os.types, im);
    if ((exact === "exact" || (exact === "range" && !env.f.loops_compare_slot_values)) && (!cs || unpoison(ot) !== unpoison(slotType(cs.types, im)))) return false;
    if (env.f.live_marks && (os.spilled.live & 3) === 0 && exact === "not") {
      i += 7;
      continue;
    }
    if (ot === STACK_INVALID || ot === STACK_POISON) continue;
    if (env.allowUninitStack && env.f.stacksafe_misc_any && ot === STACK_MISC) continue;
    if (!cs) return false;
    if (env.f.stacksafe_scalar_vs_misc && (im === 0 || (env.f.stacksafe_half_slots && im === 4))) {
      const or = scalarRegForStack(env, os, im), cr = scalarRegForStack(env, cs, im);
      if (or && cr) {
        if (!regsafe(env, or, cr, m, exact)) return false;
        i += im === 0 ? 7 : 3;
        continue;
      }
    }
    const ct = slotType(cs.types, im);
    if (ot === STACK_MISC && ct === STACK_ZERO) continue;
    if (ot !== ct) return false;
    if (im !== 7) continue;
    const or = os.spilled, cr = cs.spilled;
    switch (ot) {
      case STACK_SPILL:
        if (!regsafe(env, or, cr, m, exact)) return false;
        break;
      case STACK_DYNPTR:
        if (or.dynptrType !== cr.dynptrType || or.dynptrFirst !== cr.dynptrFirst) return false;
        if (env.f.ref_obj_ids ? !checkIds(env, or.refObjId, cr.refObjId, m) : !idsOf(env, or, cr, m)) return false;
        break;
      case STACK_ITER:
        if ((!env.f.ref_obj_ids && or.type !== cr.type) || or.btf !== cr.btf || or.btfId !== cr.btfId || or.iterState !== cr.iterState) return false;
        if (!checkIds(env, env.f.ref_obj_ids ? or.refObjId : or.id, env.f.ref_obj_ids ? cr.refObjId : cr.id, m)) return false;
        break;
      case STACK_IRQ_FLAG:
        if (!checkIds(env, env.f.ref_obj_ids ? or.refObjId : or.id, env.f.ref_obj_ids ? cr.refObjId : cr.id, m) || or.irqClass !== cr.irqClass) return false;
        break;
    }
  }
  return true;
}
function stackArgSafe(env: Env, o: FuncState, c: FuncState, m: IdMap, exact: Exact): boolean {
  const n = Math.max(o.stackArgRegs.length, c.stackArgRegs.length);
  for (let i = 0; i < n; i++) if (!regsafe(env, o.stackArgRegs[i] ?? NOT_INIT_REG, c.stackArgRegs[i] ?? NOT_INIT_REG, m, exact)) return false;
  return true;
}
function refsafe(env: Env, o: VState, c: VState, m: IdMap): boolean {
  if (o.refs.length !== c.refs.length) return false;
  if (o.activeLocks !== c.activeLocks || o.activePreemptLocks !== c.activePreemptLocks || o.activeRcuLocks !== c.activeRcuLocks) return false;
  if (!checkIds(env, o.activeIrqId, c.activeIrqId, m)) return false;
  if (!checkIds(env, o.activeLockId, c.activeLockId, m) || o.activeLockPtr !== c.activeLockPtr) return false;
  for (let i = 0; i < o.refs.length; i++) {
    const a = o.refs[i]!, b = c.refs[i]!;
    if (!checkIds(env, a.id, b.id, m) || a.type !== b.type) return false;
    if (a.type === "ptr") {
      if (!env.f.ref_obj_ids && !checkIds(env, a.parentId, b.parentId, m)) return false;
    } else if (a.type !== "irq" && a.ptr !== b.ptr) return false;
  }
  return true;
}
function funcStatesEqual(env: Env, o: FuncState, c: FuncState, insnIdx: number, m: IdMap, exact: Exact): boolean {
  if (env.f.callback_checkpoints && o.callbackDepth > c.callbackDepth) return false;
  if (!o.noStackArgLoad && c.noStackArgLoad) return false;
  const live = env.f.live_regs_compared ? env.aux[insnIdx]!.liveRegsBefore : 0xffff;
  for (let i = 0; i < MAX_BPF_REG; i++) {
    if (!(live & (1 << i))) continue;
    if (o.regs[i] === c.regs[i] && exact === "not" && o.regs[i]!.type === T.SCALAR_VALUE && !o.regs[i]!.precise) continue;
    if (!regsafe(env, o.regs[i]!, c.regs[i]!, m, exact)) return false;
  }
  return stacksafe(env, o, c, m, exact) && stackArgSafe(env, o, c, m, exact);
}
export function statesEqual(env: Env, o: VState, c: VState, exact: Exact): boolean {
  if (!env.f.states_ids_mapped) return oldStatesEqual(env, o, c);
  if (o.curframe !== c.curframe) return false;
  const m = new IdMap(env.idGen);
  if (o.speculative && !c.speculative) return false;
  if (o.inSleepable !== c.inSleepable) return false;
  if (!refsafe(env, o, c, m)) return false;
  for (let i = 0; i <= o.curframe; i++) {
    if (o.frames[i]!.callsite !== c.frames[i]!.callsite) return false;
    if (!funcStatesEqual(env, o.frames[i]!, c.frames[i]!, env.frameInsnIdx(o, i), m, exact)) return false;
  }
  return true;
}
