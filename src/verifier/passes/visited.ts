/** Pruning: comparing the current state with those explored at an instruction, and remembering it (kernel is_state_visited). */
import type { Env } from "../state/env.ts";
import {
  allTypes, BPF_REG_FP, clock, getSpi, isSpilledReg, MAX_BPF_REG, slotType, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_MISC, STACK_POISON,
  STACK_SPILL, withSlotType,
} from "../state/frame.ts";
import { baseId, clearScalarId, markRegNotInit, registerIsNull, sameUpToId } from "../state/reg-state.ts";
import { NOT_INIT, SCALAR_VALUE } from "../state/reg-type.ts";
import { forEachReg, StateListEntry, VState } from "../state/state.ts";
import { BPF_COMPLEXITY_LIMIT_STATES } from "../state/env.ts";
import { pushJmpHistory } from "./jmp-history.ts";
import { isMayGoto } from "./insn-info.ts";
import { cleanLiveStates, linkToCheckpoint, loopEntry, propagateLiveness, sameCallsites, stateIsDone, updateLoopEntry } from "./live-marks.ts";
import { propagatePrecision } from "./propagate.ts";
import { addSccBackedge, incompleteReadMarks, maybeEnterScc, maybeExitScc, updatePeakStates } from "./scc-visits.ts";
import { markedLiveness } from "./stack-live-marks.ts";
import { stackLiveness } from "./stack-liveness.ts";
import { statesEqual } from "./states-equal.ts";

/** The explored states an instruction shares a bucket with (kernel explored_state). */
export function exploredStates(env: Env, insnIdx: number): StateListEntry[] {
  const n = env.insns.length;
  const i = ((insnIdx ^ env.cur.callsite) >>> 0) % n;
  return (env.explored[i] ??= []);
}

/** One path ended: fewer branches left in each ancestor, and loops may be complete. */
export function updateBranchCounts(env: Env, st0: VState): void {
  let st: VState | null = st0;
  let entry: StateListEntry | null = null;
  while (st) {
    st.branches--;
    if (env.f.loop_entries && st.branches === 0 && st.parent && st.loopEntry) updateLoopEntry(st.parent, st.loopEntry);
    if (st.branches > 0) break;
    if (env.f.scc_loops) maybeExitScc(env, st);
    const parent: VState | null = st.parent;
    if (entry) maybeFreeEntry(env, entry);
    st = parent;
    entry = parent?.entry ?? null;
  }
}
function maybeFreeEntry(env: Env, e: StateListEntry): void {
  if (!e.inFreeList || e.state.branches !== 0 || incompleteReadMarks(env, e.state)) return;
  e.inFreeList = false;
  env.freeListSize--;
}

/** Forgets what no later instruction reads (kernel clean_verifier_state of releases with static liveness). */
function cleanState(env: Env, st: VState): void {
  const alive = stackLiveness(env, st);
  for (let f = 0; f <= st.curframe; f++) {
    const frame = st.frames[f]!;
    const live = env.aux[env.frameInsnIdx(st, f)]!.liveRegsBefore;
    for (let i = 0; i < BPF_REG_FP; i++) {
      if (live & (1 << i) || frame.regs[i]!.type === NOT_INIT) continue;
      markRegNotInit(frame.fresh(i), !env.bpfCapable);
    }
    for (let i = 0; i < frame.stack.length; i++) {
      const lo = alive(f, i * 2), hi = alive(f, i * 2 + 1);
      if (lo && hi) continue;
      const slot = frame.stack[i]!;
      const stype = slotType(slot.types, 7);
      if (stype === STACK_DYNPTR || stype === STACK_ITER || stype === STACK_IRQ_FLAG) continue;
      let types = slot.types;
      if (!hi) {
        if (lo && stype === STACK_SPILL) {
          if (slot.spilled.type !== SCALAR_VALUE || registerIsNull(slot.spilled)) continue;
          for (let j = 0; j < 4; j++) if (slotType(types, j) === STACK_SPILL) types = withSlotType(types, j, STACK_MISC);
        }
        if (slot.spilled.type !== NOT_INIT) markRegNotInit(frame.mutSpilled(i), !env.bpfCapable);
      }
      for (let j = lo ? 4 : 0; j < (hi ? 4 : 8); j++) types = withSlotType(types, j, env.f.stack_poison ? STACK_POISON : STACK_INVALID);
      if (types !== slot.types) frame.mutSlot(i).types = types;
    }
  }
}

/** The same by whole slots and only for finished states (6.18 to 7.0). */
function cleanMarkedStates(env: Env, list: readonly StateListEntry[], insnIdx: number, cur: VState): void {
  for (const { state } of list) {
    if (state.branches > 0 || state.insnIdx !== insnIdx || state.cleaned || !sameCallsites(state, cur) || incompleteReadMarks(env, state)) continue;
    state.cleaned = true;
    const alive = markedLiveness(env, state);
    for (let f = 0; f <= state.curframe; f++) {
      const frame = state.frames[f]!;
      const live = env.aux[env.frameInsnIdx(state, f)]!.liveRegsBefore;
      for (let i = 0; i < BPF_REG_FP; i++) if (!(live & (1 << i)) && frame.regs[i]!.type !== NOT_INIT) markRegNotInit(frame.fresh(i), !env.bpfCapable);
      for (let i = 0; i < frame.stack.length; i++) {
        if (alive(f, i)) continue;
        markRegNotInit(frame.mutSpilled(i), !env.bpfCapable);
        frame.mutSlot(i).types = allTypes(STACK_INVALID);
      }
    }
  }
}

function statesMaybeLooping(old: VState, cur: VState): boolean {
  if (old.curframe !== cur.curframe) return false;
  const a = old.cur, b = cur.cur;
  for (let i = 0; i < MAX_BPF_REG; i++) {
    const o = a.regs[i]!, c = b.regs[i]!;
    if (o === c) continue;
    if (!sameUpToId(o, c) || o.id !== c.id || o.parentId !== c.parentId || o.refObjId !== c.refObjId) return false;
  }
  return true;
}
function iterActiveDepthsDiffer(old: VState, cur: VState): boolean {
  for (let fr = old.curframe; fr >= 0; fr--) {
    const f = old.frames[fr]!;
    for (let i = 0; i < f.stack.length; i++) {
      const s = f.stack[i]!;
      if (slotType(s.types, 0) !== STACK_ITER || s.spilled.iterState !== "active") continue;
      if (cur.frames[fr]!.stack[i]?.spilled.iterDepth !== s.spilled.iterDepth) return true;
    }
  }
  return false;
}
/** Precision marks inherited from the parent are dropped; a child that needs them sets them again. */
function markAllScalarsImprecise(st: VState): void {
  for (let i = 0; i <= st.curframe; i++) {
    const f = st.frames[i]!;
    for (let j = 0; j < BPF_REG_FP; j++) if (f.regs[j]!.type === SCALAR_VALUE && f.regs[j]!.precise) f.mut(j).precise = false;
    for (let j = 0; j < f.stack.length; j++) {
      const s = f.stack[j]!;
      if (isSpilledReg(s) && s.spilled.type === SCALAR_VALUE && s.spilled.precise) f.mutSpilled(j).precise = false;
    }
  }
}
/** Scalar ids that only one register has say nothing. */
function clearSingularIds(st: VState): void {
  const count = new Map<number, number>();
  forEachReg(st, (r) => {
    if (r.type === SCALAR_VALUE && r.id) count.set(baseId(r.id), (count.get(baseId(r.id)) ?? 0) + 1);
  });
  if (count.size === 0) return;
  forEachReg(st, (r, mut) => {
    if (r.type === SCALAR_VALUE && r.id && count.get(baseId(r.id)) === 1) clearScalarId(mut());
  });
}

/** True: an equal state was explored, the path can end here. */
export function isStateVisited(env: Env, insnIdx: number): boolean {
  const cur = env.curState;
  const aux = env.aux[insnIdx]!;
  const force = env.testStateFreq || aux.forceCheckpoint || (env.f.limit_jmp_history && (cur.jmpHistory?.count ?? 0) > 40);
  let add = force;
  if (env.jmpsProcessed - env.prevJmpsProcessed >= 2 && env.insnProcessed - env.prevInsnProcessed >= 8) add = true;
  if (env.f.static_stack_liveness) cleanState(env, cur);

  const list = exploredStates(env, insnIdx);
  if (env.f.live_marks) cleanLiveStates(env, list, insnIdx, cur);
  if (env.f.stack_live_marks) cleanMarkedStates(env, list, insnIdx, cur);
  let statesCnt = 0;
  for (let k = 0; k < list.length; k++) {
    const e = list[k]!;
    statesCnt++;
    const old = e.state;
    if (old.insnIdx !== insnIdx) continue;
    let hit = false, loop = false;
    if (old.branches > 0) {
      const r = compareUnfinished(env, old, cur, insnIdx);
      if (r === "hit") {
        hit = true;
        loop = !aux.callsCallback || env.f.callbacks_in_scc;
        if (env.f.loop_entries && !aux.callsCallback) updateLoopEntry(cur, old);
      } else if (!force && env.jmpsProcessed - env.prevJmpsProcessed < 20 && env.insnProcessed - env.prevInsnProcessed < 100) add = false;
    } else {
      const entry = env.f.loop_entries ? loopEntry(old) : null;
      const inLoop = entry !== null && entry.branches > 0;
      loop = env.f.scc_loops && incompleteReadMarks(env, old);
      hit = statesEqual(env, old, cur, loop || inLoop ? "range" : "not");
      if (hit && inLoop) updateLoopEntry(cur, entry);
    }
    if (hit) {
      e.hitCnt++;
      env.equalTo = old;
      env.equalLoop = loop;
      if (env.f.live_marks) propagateLiveness(env, old, cur);
      if (env.curAux.jmpPoint) pushJmpHistory(env, cur, 0);
      propagatePrecision(env, old, cur);
      if (loop && env.f.scc_loops) {
        const b = new VState();
        b.copyFrom(cur);
        b.equalState = old;
        b.insnIdx = insnIdx;
        addSccBackedge(env, old, b);
      }
      return true;
    }
    if (add) e.missCnt++;
    const n = env.f.keep_checkpoint_states && aux.forceCheckpoint && old.branches > 0 ? 64 : 3;
    if (e.missCnt > e.hitCnt * n + n) {
      list.splice(k--, 1);
      e.inFreeList = true;
      env.freeListSize++;
      env.exploredStatesSize--;
      if (!env.f.peak_states_at_once && stateIsDone(old) && !old.usedAsLoopEntry) env.peakStates--;
      maybeFreeEntry(env, e);
    }
  }
  env.maxStatesPerInsn = Math.max(env.maxStatesPerInsn, statesCnt);
  if (!env.bpfCapable && statesCnt > BPF_COMPLEXITY_LIMIT_STATES) return false;
  if (!add) return false;
  remember(env, cur, list, insnIdx);
  return false;
}

/** Against a state on the path's own way here: a loop converged, runs for ever, or goes on. */
function compareUnfinished(env: Env, old: VState, cur: VState, insnIdx: number): "hit" | "miss" {
  const frame = old.cur;
  const aux = env.aux[insnIdx]!;
  if (frame.inAsyncCallbackFn && frame.asyncEntryCnt !== cur.cur.asyncEntryCnt) return "miss";
  if (aux.isIterNext) {
    if (statesEqual(env, old, cur, "range")) {
      const reg = cur.cur.regs[1]!;
      const spi = getSpi(Number(BigInt.asIntN(32, reg.varOff.value)) + reg.off);
      if (env.frameOf(reg).stack[spi]?.spilled.iterState === "active") return "hit";
    }
    return "miss";
  }
  if (isMayGoto(env.insns[insnIdx]!) && old.mayGotoDepth !== cur.mayGotoDepth && statesEqual(env, old, cur, "range")) return "hit";
  if (aux.callsCallback) return statesEqual(env, old, cur, "range") ? "hit" : "miss";
  if (
    statesMaybeLooping(old, cur) && statesEqual(env, old, cur, env.f.infinite_loop_exact ? "exact" : "not") && !iterActiveDepthsDiffer(old, cur) &&
    old.mayGotoDepth === cur.mayGotoDepth && old.callbackUnrollDepth === cur.callbackUnrollDepth
  ) {
    env.log.linfo(insnIdx, "; ");
    env.verbose(`infinite loop detected at insn ${insnIdx}\n`);
    if (env.f.infinite_loop_states) {
      env.verbose("cur state:");
      env.log.state(cur, cur.curframe, true);
      env.verbose("old state:");
      env.log.state(old, cur.curframe, true);
    }
    env.failSilently("EINVAL");
  }
  return "miss";
}

function remember(env: Env, cur: VState, list: StateListEntry[], insnIdx: number): void {
  env.totalStates++;
  env.exploredStatesSize++;
  updatePeakStates(env);
  env.prevJmpsProcessed = env.jmpsProcessed;
  env.prevInsnProcessed = env.insnProcessed;
  if (env.bpfCapable) markAllScalarsImprecise(cur);
  if (env.f.clear_singular_ids) clearSingularIds(cur);
  const st = new VState();
  st.copyFrom(cur);
  st.insnIdx = insnIdx;
  st.visit = env.visits[insnIdx]!;
  const entry = new StateListEntry(st);
  st.entry = entry;
  if (env.f.scc_loops) maybeEnterScc(env, st);
  cur.parent = st;
  cur.firstInsnIdx = insnIdx;
  cur.dfsDepth = st.dfsDepth + 1;
  cur.jmpHistory = null;
  if (env.f.live_marks) linkToCheckpoint(cur, st);
  list.unshift(entry);
}
/** Raised so that nothing of an earlier subprogram is taken for owned. */
export const newEpoch = (): void => {
  clock.epoch++;
};
