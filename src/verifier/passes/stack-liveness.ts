/**
 * Which half slots of the stack later instructions may still read. Since 7.1 data flow tells it before the walk, for every
 * subprogram along every chain of calls that hands it a stack address (kernel liveness.c, analyze_subprog and
 * bpf_stack_slot_alive); from 6.18 to 7.0 the walk itself notes it (stack-live-marks.ts).
 */
import { type ArgTrack, isFp, NONE } from "../domains/arg-track.ts";
import { printFlow, printInstances } from "../report/stack-analysis.ts";
import type { Env } from "../state/env.ts";
import type { VState } from "../state/state.ts";
import { flowSubprog, STACK_ARG_SLOTS, TRACKED_REGS, type TrackState } from "./arg-flow.ts";
import { helperName, isHelperCall, isPseudoCall, successors } from "./insn-info.ts";
import { FuncInstance, recordAccesses } from "./stack-access.ts";

const KEY = "stack-liveness";
const MAX_ANALYSES = 10000;

interface Analysis {
  env: Env;
  /** by depth and call site */
  instances: Map<string, FuncInstance>;
  /** by subprogram: state before each instruction as last computed */
  states: (readonly (TrackState | undefined)[] | undefined)[];
  /** by call site: what stood on the stack there */
  callsiteStacks: Map<number, readonly ArgTrack[]>;
  /** call sites of the chain under analysis, by depth */
  callsites: number[];
  runs: number;
}
const keyOf = (depth: number, callsite: number): string => `${depth}:${callsite}`;

function instanceFor(a: Analysis, depth: number, callsite: number, subprog: number): FuncInstance {
  const { start } = a.env.subprogs[subprog]!;
  const site = depth > 0 ? callsite : start;
  const key = keyOf(depth, site);
  let inst = a.instances.get(key);
  if (!inst) {
    inst = new FuncInstance(site, depth, subprog, start, a.env.subprogs[subprog + 1]!.start - start);
    a.instances.set(key, inst);
  }
  return inst;
}

/** helper → its callback's register, the register with the context, the callback's register that gets it */
const CALLBACKS: Readonly<Record<string, readonly [number, number, number]>> = {
  bpf_loop: [2, 3, 2], bpf_for_each_map_elem: [2, 3, 4], bpf_find_vma: [3, 4, 3], bpf_user_ringbuf_drain: [2, 3, 2],
};

type Callee = { subprog: number; args: readonly ArgTrack[] } | "unknown callback" | null;

function calleeOf(a: Analysis, idx: number, at: TrackState): Callee {
  const { env } = a;
  const insn = env.insns[idx]!;
  const args = new Array<ArgTrack>(TRACKED_REGS).fill(NONE);
  if (isPseudoCall(insn)) {
    const subprog = env.findSubprog(idx + insn.imm + 1);
    if (subprog < 0) return null;
    for (let r = 1; r <= 5; r++) args[r] = at.regs[r]!;
    for (let i = 0; i < STACK_ARG_SLOTS; i++) args[11 + i] = at.regs[11 + i]!;
    return { subprog, args };
  }
  if (!env.aux[idx]!.callsCallback || !isHelperCall(insn)) return null;
  const known = CALLBACKS[helperName(env, insn)];
  if (!known) return null;
  const [callback, from, to] = known;
  const aux = env.aux[idx]!;
  if (!(aux.constSubprogMask & (1 << callback))) return isFp(at.regs[from]!) ? "unknown callback" : null;
  args[to] = at.regs[from]!;
  return { subprog: aux.constRegVals![callback]!, args };
}

function mergeInto(dst: FuncInstance, src: FuncInstance): void {
  for (let f = 0; f <= dst.depth; f++) {
    const d = dst.frames[f], s = src.frames[f];
    if (!s) d?.mustWrite.clear();
    else if (!d) {
      s.mustWrite.clear();
      dst.frames[f] = s;
    } else {
      d.mayRead.union(s.mayRead);
      d.mustWrite.intersect(s.mustWrite);
    }
  }
}
/** Carries reads back against the flow until nothing changes. */
function settle(env: Env, inst: FuncInstance): void {
  inst.done = true;
  const from = env.subprogs[inst.subprog]!.postorderStart, to = env.subprogs[inst.subprog + 1]!.postorderStart;
  const order = env.insnPostorder.slice(from, to).map((idx) => ({ at: idx - inst.start, next: successors(env, idx).map((s) => s - inst.start) }));
  for (const access of inst.frames) {
    if (!access) continue;
    let changed = true;
    while (changed) {
      changed = false;
      for (const { at, next } of order) if (next.length > 0 && access.flow(at, next)) changed = true;
    }
  }
}

function analyze(a: Analysis, entry: readonly ArgTrack[] | null, known: FuncInstance): void {
  const { env } = a;
  if (++a.runs > MAX_ANALYSES) env.fail("E2BIG", `liveness analysis exceeded complexity limit (${a.runs} calls)`);
  const { subprog, depth, start } = known;
  // an instance met again is recorded afresh and merged, so that writes not met this time are no longer certain
  const inst = known.done ? new FuncInstance(known.callsite, depth, subprog, start, known.insnCnt) : known;
  const states = flowSubprog(env, subprog, depth, entry, (frame) => a.callsiteStacks.get(a.callsites[frame]!));
  a.states[subprog] = states;
  recordAccesses(env, inst, states);
  const from = env.subprogs[subprog]!.postorderStart, to = env.subprogs[subprog + 1]!.postorderStart;
  if (env.log.level2) printFlow(env, subprog, states);
  for (let p = from; p < to; p++) {
    const idx = env.insnPostorder[p]!;
    const at = states[idx - start];
    if (at && (isPseudoCall(env.insns[idx]!) || env.aux[idx]!.callsCallback)) a.callsiteStacks.set(idx, at.stack);
  }
  for (let p = from; p < to; p++) {
    const idx = env.insnPostorder[p]!;
    const at = a.states[subprog]![idx - start];
    const callee = at ? calleeOf(a, idx, at) : null;
    if (!callee) continue;
    if (callee === "unknown callback") inst.readsFrames(-1, idx);
    else if (callee.args.some(isFp)) analyzeCall(a, inst, idx, callee.subprog, callee.args);
  }
  if (inst !== known) mergeInto(known, inst);
  settle(env, known);
}
function analyzeCall(a: Analysis, caller: FuncInstance, idx: number, subprog: number, args: readonly ArgTrack[]): void {
  if (caller.depth === a.env.maxCallFrames - 1) a.env.failSilently("EINVAL");
  const callee = instanceFor(a, caller.depth + 1, idx, subprog);
  a.callsites[caller.depth] = idx;
  analyze(a, args, callee);
  for (let f = 0; f < callee.depth; f++) {
    const access = callee.frames[f];
    if (access) caller.frame(f).mayRead.addSet(idx - caller.start, access.liveBefore, 0);
  }
}

/** Runs the analysis once per program. Subprograms that get no stack address from a caller stand for themselves. */
export function computeStackLiveness(env: Env): void {
  const a: Analysis = { env, instances: new Map(), states: [], callsiteStacks: new Map(), callsites: [], runs: 0 };
  for (let k = env.subprogTopoOrder.length - 1; k >= 0; k--) {
    const subprog = env.subprogTopoOrder[k]!;
    if (a.states[subprog] && !env.subprogIsGlobal(subprog)) continue;
    analyze(a, null, instanceFor(a, 0, 0, subprog));
  }
  env.passData.set(KEY, a);
  if (env.log.level2) printInstances(env, [...a.instances.values()]);
}

/**
 * A query for the state: (frame, half slot) → may it be read? Half slot 2·i is the half of slot i nearer to the frame pointer.
 */
export function stackLiveness(env: Env, st: VState): (frame: number, half: number) => boolean {
  const a = env.passData.get(KEY) as Analysis;
  const instances: (FuncInstance | undefined)[] = [];
  for (let f = 0; f <= st.curframe; f++) {
    const { start } = env.subprogs[st.frames[f]!.subprogno]!;
    // a subprogram analysed on its own stands at a smaller depth than it is walked at
    for (let d = f; d >= 0 && !instances[f]; d--) instances[f] = a.instances.get(keyOf(d, d > 0 ? (f > 0 ? st.frames[f]!.callsite : start) : start));
  }
  const cur = instances[st.curframe];
  return (frame, half) => {
    if (!cur) return true;
    const rel = frame + cur.depth - st.curframe;
    if (rel >= 0 && rel <= cur.depth && cur.liveBefore(st.insnIdx, rel, half)) return true;
    for (let i = frame; i < st.curframe; i++) {
      const inst = instances[i];
      if (!inst) return true;
      const r = frame + inst.depth - i;
      if (r < 0 || r > inst.depth) return true;
      const callsite = st.frames[i + 1]!.callsite;
      if (inst.liveBefore(env.aux[callsite]!.callsCallback ? callsite : callsite + 1, r, half)) return true;
    }
    return false;
  };
}
