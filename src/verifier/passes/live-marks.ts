/**
 * Liveness as marks on registers: a read marks the register in the checkpoint the value came from, and on from there,
 * until a write in between screens it off (kernel mark_reg_read, propagate_liveness, clean_live_states; until 6.18).
 */
import type { Env } from "../state/env.ts";
import { allTypes, BPF_REG_FP, type FuncState, STACK_INVALID } from "../state/frame.ts";
import { markRegNotInit, type RegParent, type RegState } from "../state/reg-state.ts";
import type { StateListEntry, VState } from "../state/state.ts";
import { incompleteReadMarks } from "./scc-visits.ts";

export const REG_LIVE_READ32 = 1;
export const REG_LIVE_READ64 = 2;
export const REG_LIVE_READ = REG_LIVE_READ32 | REG_LIVE_READ64;
export const REG_LIVE_WRITTEN = 4;
export const REG_LIVE_DONE = 8;

const at = (p: RegParent): RegState => (p.index >= 0 ? p.func.regs[p.index]! : p.func.stack[-1 - p.index]!.spilled);
const mutAt = (p: RegParent): RegState => (p.index >= 0 ? p.func.mut(p.index) : p.func.mutSpilled(-1 - p.index));

export function markRegWritten(reg: RegState): void {
  reg.live |= REG_LIVE_WRITTEN;
}
/** The register's value is used, all of it or its low half. True when a mark was new. */
export function markRegRead(env: Env, reg: RegState, full: boolean): boolean {
  return walk(env, reg, reg.parent, full ? REG_LIVE_READ64 : REG_LIVE_READ32, true);
}
function walk(env: Env, state0: RegState, parent0: RegParent | null, flag: number, writes0: boolean): boolean {
  let state = state0, parent = parent0, writes = writes0;
  let count = 0;
  while (parent) {
    if (writes && state.live & REG_LIVE_WRITTEN) break;
    const p = at(parent);
    if (p.live & REG_LIVE_DONE) env.bug(`type ${p.type} var_off ${p.varOff.value.toString(16)} off ${p.off}`);
    if ((p.live & REG_LIVE_READ) === flag || p.live & REG_LIVE_READ64) break;
    const m = mutAt(parent);
    m.live |= flag;
    if (flag === REG_LIVE_READ64) m.live &= ~REG_LIVE_READ32;
    state = m;
    parent = m.parent;
    writes = true;
    count++;
  }
  env.longestMarkReadWalk = Math.max(env.longestMarkReadWalk, count);
  return count > 0;
}

/** After a checkpoint: the current state's places hang on the checkpoint's, and nothing is written yet. */
export function linkToCheckpoint(cur: VState, checkpoint: VState): void {
  for (let f = 0; f <= cur.curframe; f++) {
    const frame = cur.frames[f]!, func = checkpoint.frames[f]!;
    for (let i = 0; i < BPF_REG_FP; i++) {
      const r = frame.mut(i);
      if (f === cur.curframe || i >= 6) r.parent = { func, index: i };
      r.live = 0;
    }
    for (let i = 0; i < frame.stack.length; i++) {
      const r = frame.mutSpilled(i);
      r.live = 0;
      r.parent = { func, index: -1 - i };
    }
  }
}
/** What the matching old state read is read of the current one. True when a mark was new. */
export function propagateLiveness(env: Env, old: VState, cur: VState): boolean {
  let changed = false;
  const one = (o: RegState, p: RegParent): boolean => {
    const flag = o.live & REG_LIVE_READ;
    const have = at(p).live & REG_LIVE_READ;
    if (have === REG_LIVE_READ64 || !flag || have === flag) return false;
    if (walk(env, o, p, flag, false)) changed = true;
    return flag === REG_LIVE_READ64;
  };
  for (let f = 0; f <= old.curframe; f++) {
    const o = old.frames[f]!, func: FuncState = cur.frames[f]!;
    for (let i = f < old.curframe ? 6 : 0; i < BPF_REG_FP; i++) if (one(o.regs[i]!, { func, index: i })) func.mut(i).subregDef = 0;
    for (let i = 0; i < o.stack.length && i < func.stack.length; i++) one(o.stack[i]!.spilled, { func, index: -1 - i });
  }
  return changed;
}
function cleanFrame(env: Env, frame: FuncState): void {
  for (let i = 0; i < BPF_REG_FP; i++) {
    const r = frame.mut(i);
    const read = r.live & REG_LIVE_READ;
    r.live |= REG_LIVE_DONE;
    if (!read) markRegNotInit(r, !env.bpfCapable);
  }
  for (let i = 0; i < frame.stack.length; i++) {
    const r = frame.mutSpilled(i);
    const read = r.live & REG_LIVE_READ;
    r.live |= REG_LIVE_DONE;
    if (read) continue;
    markRegNotInit(r, !env.bpfCapable);
    frame.mutSlot(i).types = allTypes(STACK_INVALID);
  }
}
export const sameCallsites = (a: VState, b: VState): boolean => a.curframe === b.curframe && a.frames.every((f, i) => i > a.curframe || f.callsite === b.frames[i]!.callsite);

/** Finished states forget what nothing read (kernel clean_live_states). */
export function cleanLiveStates(env: Env, list: readonly StateListEntry[], insnIdx: number, cur: VState): void {
  for (const { state } of list) {
    if (state.branches > 0) continue;
    // asked of every state of the list, as the kernel does: asking shortens the chains
    if (env.f.loop_entries && (loopEntry(state)?.branches ?? 0) > 0) continue;
    if (state.insnIdx !== insnIdx || !sameCallsites(state, cur)) continue;
    if (env.f.scc_loops && incompleteReadMarks(env, state)) continue;
    if (state.frames[0]!.regs[0]!.live & REG_LIVE_DONE) continue;
    for (let f = 0; f <= state.curframe; f++) cleanFrame(env, state.frames[f]!);
  }
}
export const stateIsDone = (st: VState): boolean => (st.frames[0]!.regs[0]!.live & REG_LIVE_DONE) !== 0;

/** Outermost known entry of the loop a state is in (kernel get_loop_entry, 6.6 to 6.16). */
export function loopEntry(st: VState): VState | null {
  let top = st.loopEntry;
  while (top?.loopEntry && top !== top.loopEntry) top = top.loopEntry;
  for (let s: VState | null = st; s && s.loopEntry !== top; ) {
    const next: VState | null = s.loopEntry;
    s.loopEntry = top;
    s = next;
  }
  return top;
}
export function updateLoopEntry(cur: VState, hdr: VState): void {
  const c = loopEntry(cur) ?? cur, h = loopEntry(hdr) ?? hdr;
  if (h.branches > 0 && h.dfsDepth <= c.dfsDepth) {
    cur.loopEntry = hdr;
    hdr.usedAsLoopEntry = true;
  }
}
