/** Loops as strongly connected components: states that returned into a loop still being explored wait for its precision marks (kernel 6.17+). */
import type { Env } from "../state/env.ts";
import type { VState } from "../state/state.ts";
import { markAllScalarsPrecise } from "./backtrack.ts";
import { propagateLiveness } from "./live-marks.ts";
import { propagatePrecision } from "./propagate.ts";

export interface SccVisit {
  /** call sites that lead to the component, joined */
  key: string;
  text: string;
  entryState: VState | null;
  /** newest first */
  backedges: VState[];
}
const MAX_BACKEDGE_ITERS = 64;

interface Chain { scc: number; key: string; text: string }
/** The kernel's list of call sites has no length: it ends at the first 0. */
function named(scc: number, sites: readonly number[]): Chain {
  const end = sites.indexOf(0);
  const shown = end < 0 ? sites : sites.slice(0, end);
  return { scc, key: sites.join(",").replace(/(^|,)0$/, ""), text: `(${[...shown, scc].join(",")})` };
}
function callchain(env: Env, st: VState): Chain | undefined {
  const sites: number[] = [];
  for (let i = 0; i <= st.curframe; i++) {
    const idx = env.frameInsnIdx(st, i);
    const scc = env.aux[idx]!.scc;
    if (scc) return named(scc, sites);
    sites.push(idx);
  }
  return undefined;
}
function lookup(env: Env, c: Chain): SccVisit | undefined {
  return env.sccVisits[c.scc]?.find((v) => v.key === c.key);
}
export function maybeEnterScc(env: Env, st: VState): void {
  const c = callchain(env, st);
  if (!c) return;
  let v = lookup(env, c);
  if (!v) {
    v = { key: c.key, text: c.text, entryState: null, backedges: [] };
    env.sccVisits[c.scc]!.push(v);
  }
  if (!v.entryState) {
    v.entryState = st;
    if (env.log.level2) env.verbose(`SCC enter ${c.text}\n`);
  }
}
export function maybeExitScc(env: Env, st: VState): void {
  const c = callchain(env, st);
  if (!c) return;
  const v = lookup(env, c);
  if (!v) {
    if (!st.speculative) env.bug(`scc exit: no visit info for call chain ${c.text}`);
    return;
  }
  if (v.entryState !== st) return;
  if (env.log.level2) env.verbose(`SCC exit ${c.text}\n`);
  v.entryState = null;
  env.numBackedges -= v.backedges.length;
  updatePeakStates(env);
  propagateBackedges(env, v);
}
export function addSccBackedge(env: Env, st: VState, backedge: VState): void {
  const c = callchain(env, st);
  if (!c) return env.bug(`add backedge: no SCC in verification path, insn_idx ${st.insnIdx}`);
  const v = lookup(env, c);
  if (!v) return env.bug(`add backedge: no visit info for call chain ${c.text}`);
  if (env.log.level2) env.verbose(`SCC backedge ${c.text}\n`);
  v.backedges.unshift(backedge);
  env.numBackedges++;
  updatePeakStates(env);
}
/** Marks of a state inside a loop whose paths are not all explored may still grow. */
export function incompleteReadMarks(env: Env, st: VState): boolean {
  if (env.sccVisits.length === 0) return false;
  const c = callchain(env, st);
  const v = c && lookup(env, c);
  return v !== undefined && v.backedges.length > 0;
}
function propagateBackedges(env: Env, v: SccVisit): void {
  for (let i = 0; ; i++) {
    if (i > MAX_BACKEDGE_ITERS) {
      if (env.log.level2) env.verbose("propagate_backedges: too many iterations\n");
      for (const b of v.backedges) markAllScalarsPrecise(env, b);
      break;
    }
    let changed = false;
    for (const b of v.backedges) {
      if (env.f.live_marks && propagateLiveness(env, b.equalState!, b)) changed = true;
      if (propagatePrecision(env, b.equalState!, b)) changed = true;
    }
    if (!changed) break;
  }
  v.backedges = [];
}
export function updatePeakStates(env: Env): void {
  if (!env.f.peak_states_at_once) {
    env.peakStates++;
    return;
  }
  env.peakStates = Math.max(env.peakStates, env.exploredStatesSize + env.freeListSize + env.numBackedges);
}
