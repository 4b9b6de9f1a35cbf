/** The path within a state, one jump after another (kernel push_jmp_history, get_prev_insn_idx). */
import type { Env } from "../state/env.ts";
import type { JmpHistoryEntry, LinkedReg, VState } from "../state/state.ts";

/** Records a jump, stack access or set of linked registers at the current instruction: one entry, whatever comes together there. */
export function pushJmpHistory(env: Env, st: VState, flags: number, spi = 0, frame = 0, linked: readonly LinkedReg[] | null = null): void {
  const last = st.jmpHistory;
  const again = last !== null && last === env.curHistEnt ? last : null;
  const entry: JmpHistoryEntry = again
    ? { ...again, flags: again.flags | flags, spi, frame, linked }
    : { idx: env.insnIdx, prevIdx: env.prevInsnIdx, flags, spi, frame, linked, prev: last, count: (last?.count ?? 0) + 1 };
  st.jmpHistory = entry;
  env.curHistEnt = entry;
}

/** Where a walk back through a state's history stands: the entry it comes to next. */
export interface HistoryPlace { at: JmpHistoryEntry | null }

/** The instruction before `i` on the path. -1: the state begins here. */
export function previousInsn(st: VState, i: number, history: HistoryPlace): number {
  const { at } = history;
  if (i === st.firstInsnIdx && (at === null || (at.count === 1 && at.idx === i))) return -1;
  if (at?.idx === i) {
    history.at = at.prev;
    return at.prevIdx;
  }
  return i - 1;
}
