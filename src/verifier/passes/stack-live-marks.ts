/**
 * Liveness of stack slots as the walk finds it (kernel liveness.c, 6.18 to 7.0): every instruction notes, per chain of calls
 * that leads to its function, which slots of which frame it read and which it wrote whole each time; data flow over the
 * graph then tells what is alive. Notes for outer frames pass to the call in the caller when the callee's path ends.
 */
import { markRegRead, markRegWritten } from "./live-marks.ts";
import type { Env } from "../state/env.ts";
import type { FuncState } from "../state/frame.ts";
import { FrameAccess, SlotSets } from "../state/slot-sets.ts";
import type { VState } from "../state/state.ts";
import { fmtSlots } from "./backtrack.ts";
import { successors } from "./insn-info.ts";

const KEY = "stack-live-marks";

/** Slots are of 8 bytes here: member i of a set is slot i. */
class MarkedFrame extends FrameAccess {
  /** written by the instruction or on every way from it */
  readonly mustWriteAcc: SlotSets;
  constructor(insnCnt: number) {
    super(insnCnt);
    this.mustWriteAcc = new SlotSets(insnCnt);
  }
  accumulate(i: number, next: readonly number[]): boolean {
    const acc = this.mustWriteAcc.words, write = this.mustWrite.words;
    let changed = this.flow(i, next);
    for (let w = 0; w < 2; w++) {
      let v = -1;
      for (const s of next) v &= acc[s * 4 + w]!;
      v |= write[i * 4 + w]!;
      if (v !== acc[i * 4 + w]) {
        acc[i * 4 + w] = v;
        changed = true;
      }
    }
    return changed;
  }
}
interface Instance {
  /** call sites from the outermost frame on */
  callsites: readonly number[];
  starts: readonly number[];
  subprog: number;
  start: number;
  insnCnt: number;
  depth: number;
  frames: (MarkedFrame | undefined)[];
  /** by instruction: was it committed before? */
  seen: Uint8Array;
  updated: boolean;
  dropped: boolean;
  order: { at: number; next: readonly number[] }[] | null;
}
interface Marks {
  instances: Map<string, Instance>;
  cur: Instance | null;
  /** slots written by the current instruction, two words a frame */
  written: Int32Array;
  writeIdx: number;
}
function marksOf(env: Env): Marks {
  let m = env.passData.get(KEY) as Marks | undefined;
  if (!m) {
    m = { instances: new Map(), cur: null, written: new Int32Array(2 * env.maxCallFrames), writeIdx: 0 };
    env.passData.set(KEY, m);
  }
  return m;
}
function instanceOf(env: Env, callsites: readonly number[], starts: readonly number[], subprog: number): Instance {
  const { instances } = marksOf(env);
  const key = `${callsites.join()};${starts.join()}`;
  let inst = instances.get(key);
  if (!inst) {
    const start = starts[starts.length - 1]!;
    const insnCnt = env.subprogs[subprog + 1]!.start - start;
    inst = { callsites, starts, subprog, start, insnCnt, depth: starts.length - 1, frames: [], seen: new Uint8Array(insnCnt), updated: false, dropped: false, order: null };
    instances.set(key, inst);
  }
  return inst;
}
function lookup(env: Env, st: VState, frame: number): Instance {
  const callsites: number[] = [], starts: number[] = [];
  for (let i = 0; i <= frame; i++) {
    starts.push(env.subprogs[st.frames[i]!.subprogno]!.start);
    if (i < frame) callsites.push(st.frames[i + 1]!.callsite);
  }
  return instanceOf(env, callsites, starts, st.frames[frame]!.subprogno);
}
const frameOf = (inst: Instance, f: number): MarkedFrame => (inst.frames[f] ??= new MarkedFrame(inst.insnCnt));

/** Reads of the slots in two words at an instruction. */
function addReads(inst: Instance, f: number, idx: number, lo: number, hi: number): void {
  const { mayRead, liveBefore } = frameOf(inst, f);
  const at = (idx - inst.start) * 4;
  const words = mayRead.words, live = liveBefore.words;
  const newLo = words[at]! | lo, newHi = words[at + 1]! | hi;
  if ((newLo !== words[at] || newHi !== words[at + 1]) && ((newLo & ~live[at]!) !== 0 || (newHi & ~live[at + 1]!) !== 0)) inst.updated = true;
  words[at] = newLo;
  words[at + 1] = newHi;
}
function commit(m: Marks, inst: Instance | null): void {
  if (!inst) return;
  const i = m.writeIdx - inst.start;
  const seen = inst.seen[i] !== 0;
  for (let f = 0; f <= inst.depth; f++) {
    let lo = m.written[2 * f]!, hi = m.written[2 * f + 1]!;
    if (lo === 0 && hi === 0 && (!seen || !inst.frames[f])) continue;
    const { words } = frameOf(inst, f).mustWrite;
    const oldLo = words[i * 4]!, oldHi = words[i * 4 + 1]!;
    if (seen) {
      lo &= oldLo;
      hi &= oldHi;
    }
    if (oldLo !== lo || oldHi !== hi) {
      words[i * 4] = lo;
      words[i * 4 + 1] = hi;
      inst.updated = true;
    }
    if ((oldLo & ~lo) !== 0 || (oldHi & ~hi) !== 0) inst.dropped = true;
  }
  inst.seen[i] = 1;
}

/** Before an instruction is looked at. */
export function beginStackMarks(env: Env): void {
  const m = marksOf(env);
  m.cur ??= lookup(env, env.curState, env.curState.curframe);
  m.written.fill(0);
  m.writeIdx = env.insnIdx;
}
/** After it: the slots it wrote this time are those it always writes only if it did so before. */
export function commitStackMarks(env: Env): void {
  const m = marksOf(env);
  commit(m, m.cur);
}
/** The chain of calls changed. */
export function resetStackChain(env: Env): void {
  if (env.f.stack_live_marks) marksOf(env).cur = null;
}
export function markSlotRead(env: Env, frame: FuncState, spi: number): void {
  if (env.f.live_marks) markRegRead(env, frame.stack[spi]!.spilled, true);
  if (!env.f.stack_live_marks) return;
  const m = marksOf(env);
  m.cur ??= lookup(env, env.curState, env.curState.curframe);
  addReads(m.cur, frame.frameno, env.insnIdx, spi < 32 ? 1 << spi : 0, spi < 32 ? 0 : 1 << (spi - 32));
}
/** All 8 bytes of the slot are new. */
export function markSlotWritten(env: Env, frame: FuncState, spi: number): void {
  if (env.f.live_marks) markRegWritten(frame.mutSpilled(spi));
  if (env.f.stack_live_marks) marksOf(env).written[2 * frame.frameno + (spi >> 5)]! |= 1 << (spi & 31);
}

/** `(74,140)`: the calls that lead to the function, and its first instruction. */
const chainText = (inst: Instance): string => `(${[...inst.callsites, inst.start].join(",")})`;

/** The same at log level 2: what changed at instructions that matter is printed. */
function accumulateAloud(env: Env, inst: Instance, frame: number, at: number, next: readonly number[]): boolean {
  const f = inst.frames[frame]!;
  const idx = inst.start + at;
  const shown = at === 0 || env.aux[idx]!.prunePoint || !f.mayRead.isEmpty(at) || !f.mustWrite.isEmpty(at);
  const live = slotMask(f.liveBefore, at), written = slotMask(f.mustWriteAcc, at);
  const changed = f.accumulate(at, next);
  if (shown && changed) {
    printChange(env, inst, frame, idx, "live", live, slotMask(f.liveBefore, at));
    printChange(env, inst, frame, idx, "written", written, slotMask(f.mustWriteAcc, at));
  }
  return changed;
}
const slotMask = (sets: SlotSets, i: number): bigint => (BigInt(sets.words[i * 4 + 1]! >>> 0) << 32n) | BigInt(sets.words[i * 4]! >>> 0);
function printChange(env: Env, inst: Instance, frame: number, idx: number, what: string, before: bigint, now: bigint): void {
  if (before === now) return;
  const added = now & ~before, gone = before & ~now;
  env.verbose(`${chainText(inst)} frame ${frame} insn ${idx} ${added ? `+${what} ${fmtSlots(added)} ` : ""}${gone ? `-${what} ${fmtSlots(gone)}` : ""}\n`);
}

function update(env: Env, inst: Instance): void {
  if (inst.dropped) for (const f of inst.frames) f?.mustWriteAcc.clear();
  if (!inst.order) {
    const from = env.subprogs[inst.subprog]!.postorderStart, to = env.subprogs[inst.subprog + 1]!.postorderStart;
    inst.order = env.insnPostorder.slice(from, to).map((idx) => ({ at: idx - inst.start, next: successors(env, idx).map((s) => s - inst.start) }));
  }
  let rounds = 0;
  for (let changed = true; changed; rounds++) {
    changed = false;
    for (let frame = 0; frame < inst.frames.length; frame++) {
      const f = inst.frames[frame];
      if (!f) continue;
      for (const { at, next } of inst.order) if (next.length > 0 && (env.log.level2 ? accumulateAloud(env, inst, frame, at, next) : f.accumulate(at, next))) changed = true;
    }
  }
  if (env.log.level2) env.verbose(`${chainText(inst)} live stack update done in ${rounds} iterations\n`);
  if (inst.depth > 0) toOuter(env, inst);
  inst.updated = false;
  inst.dropped = false;
}
/** What the function does to outer frames, the call to it does. */
function toOuter(env: Env, inst: Instance): void {
  const m = marksOf(env);
  const d = inst.depth;
  const callsite = inst.callsites[d - 1]!;
  const outer = instanceOf(env, inst.callsites.slice(0, d - 1), inst.starts.slice(0, d), env.findContainingSubprog(callsite));
  m.written.fill(0);
  m.writeIdx = callsite;
  for (let f = 0; f < d; f++) {
    const frame = inst.frames[f];
    if (!frame) continue;
    for (let w = 0; w < 2; w++) m.written[2 * f + w] = frame.mustWriteAcc.words[w]!;
    addReads(outer, f, callsite, frame.liveBefore.words[0]!, frame.liveBefore.words[1]!);
  }
  commit(m, outer);
}
/** A path, or a function on it, ended: its notes count from now on. */
export function updateStackMarks(env: Env): void {
  if (!env.f.stack_live_marks) return;
  marksOf(env).cur = null;
  const st = env.curState;
  for (let f = st.curframe; f >= 0; f--) {
    const inst = lookup(env, st, f);
    if (inst.updated) update(env, inst);
  }
}

/** A query for the state: (frame, slot) → may it be read by what follows? */
export function markedLiveness(env: Env, st: VState): (frame: number, spi: number) => boolean {
  const instances: Instance[] = [];
  for (let f = 0; f <= st.curframe; f++) instances.push(lookup(env, st, f));
  const alive = (inst: Instance, idx: number, f: number, spi: number): boolean => inst.frames[f]?.liveBefore.has(idx - inst.start, spi) === true;
  return (frame, spi) => {
    if (alive(instances[st.curframe]!, st.insnIdx, frame, spi)) return true;
    for (let i = frame; i < st.curframe; i++) {
      const { callsite } = st.frames[i + 1]!;
      if (alive(instances[i]!, env.aux[callsite]!.callsCallback ? callsite : callsite + 1, frame, spi)) return true;
    }
    return false;
  };
}
