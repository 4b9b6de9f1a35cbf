/** The path within a state, one jump after another (kernel push_jmp_history, get_prev_insn_idx). */
import type { Env } from "../state/env.ts";
import type { JmpHistoryEntry, LinkedReg, VState } from "../state/state.ts";

/** Records a jump, stack access or set of linked registers at the current instruction. */
export function pushJmpHistory(env: Env, st: VState, flags: number, spi = 0, frame = 0, linked: readonly LinkedReg[] | null = null): void {
  const cur = env.curHistEnt;
  if (cur) {
    cur.flags |= flags;
    cur.spi = spi;
    cur.frame = frame;
    cur.linked = linked;
    return;
  }
  const e: JmpHistoryEntry = { idx: env.insnIdx, prevIdx: env.prevInsnIdx, flags, spi, frame, linked };
  st.jmpHistory.push(e);
  env.curHistEnt = e;
}

/** The instruction before `i` on the path; `history.n` entries of the state's history are left. -1: the state begins here. */
export function previousInsn(st: VState, i: number, history: { n: number }): number {
  const cnt = history.n;
  if (i === st.firstInsnIdx) {
    if (cnt === 0) return -1;
    if (cnt === 1 && st.jmpHistory[0]!.idx === i) return -1;
  }
  if (cnt > 0 && st.jmpHistory[cnt - 1]!.idx === i) {
    history.n--;
    return st.jmpHistory[cnt - 1]!.prevIdx;
  }
  return i - 1;
}
