/** Keeps the states before and after one instruction, visit by visit (VerifyOptions.watch); asked for, never on the fast path. */
import type { Flow } from "../passes/do-check.ts";
import type { Env } from "../state/env.ts";
import type { InsnStates, InsnVisit, WatchRequest } from "../types.ts";
import { stateView } from "./state-view.ts";

/** Visits that one answer holds at most. */
const MOST = 200;

export class Watch {
  readonly insn: number;
  private readonly from: number;
  private readonly until: number;
  private readonly visits: InsnVisit[] = [];
  private stackBefore = 0;

  constructor(request: WatchRequest) {
    this.insn = request.insn;
    this.from = request.from;
    this.until = request.from + Math.min(request.max, MOST);
  }
  private wanted(env: Env): number | null {
    const visit = env.visits[this.insn]!;
    return visit >= this.from && visit < this.until ? visit : null;
  }
  /** The instruction is about to be checked; until after() is called it counts as refused. */
  before(env: Env): void {
    const visit = this.wanted(env);
    if (visit === null) return;
    this.stackBefore = env.stack.length;
    this.visits.push({ visit, path: env.curState.path, before: stateView(env, env.curState), outcome: "refused" });
  }
  after(env: Env, flow: Flow): void {
    if (this.wanted(env) === null) return;
    const last = this.visits.at(-1)!;
    const pushed = env.stack.length > this.stackBefore ? env.stack.at(-1)! : null;
    this.visits[this.visits.length - 1] = {
      ...last,
      ...(flow === "exit"
        ? { outcome: "end of path" }
        : { outcome: env.insnIdx === this.insn + 1 || flow === "next" && env.insnIdx === this.insn + 2 && env.insns[this.insn]!.code === 0x18 ? "next" : "jump", to: env.insnIdx, after: stateView(env, env.curState) }),
      ...(pushed ? { other: { path: pushed.st.path, to: pushed.insnIdx, state: stateView(env, pushed.st) } } : {}),
    };
  }
  /** The path ends before the instruction: an explored state covers it. */
  pruned(env: Env): void {
    const visit = this.wanted(env);
    if (visit === null) return;
    const equal = env.equalTo;
    this.visits.push({
      visit, path: env.curState.path, before: stateView(env, env.curState), outcome: "pruned", ...(equal ? { equal: { visit: equal.visit, open: env.equalLoop } } : {}),
    });
  }
  /** The program is refused; where the check of the visit itself did it, the visit has not been told of yet. */
  refused(env: Env): void {
    const visit = env.insnIdx === this.insn && env.curState ? this.wanted(env) : null;
    if (visit !== null && this.visits.at(-1)?.visit !== visit) this.visits.push({ visit, path: env.curState.path, before: stateView(env, env.curState), outcome: "refused" });
  }
  answer(env: Env): InsnStates {
    return { insn: this.insn, total: env.visits[this.insn] ?? 0, visits: this.visits };
  }
}
