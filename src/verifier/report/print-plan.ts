/**
 * What the second walk of a refused program prints. The log of a refusal holds the one path that led there: a path that is
 * given up has its lines cut away again (log.reset). Which paths lead to the refusal is known after the first walk, and
 * both walks go the same way, so the second prints those alone, and of very long ones the end.
 */
import type { Env } from "../state/env.ts";

/** Processed instructions of one path whose lines are kept. */
const KEPT_INSNS = 100_000;

export class PrintPlan {
  /** path → processed instructions when the next path of the chain was put aside (for the last: when the program was refused), and that path's number */
  private readonly until = new Map<number, { processed: number; next: number }>();
  private readonly total: number;
  cut = false;

  /** @param first the environment of the walk that ended in the refusal */
  constructor(first: Env) {
    this.total = first.insnProcessed;
    let next = Number.POSITIVE_INFINITY, processed = this.total;
    for (let path = first.curState?.path ?? -1; path >= 0; ) {
      this.until.set(path, { processed, next });
      const made = first.paths[path];
      if (!made) break;
      next = path;
      processed = made.processed;
      path = made.parent;
    }
  }
  /** Does the path lead to the refusal, and is the branch towards it still ahead? */
  leads(env: Env): boolean {
    const end = this.until.get(env.curState.path);
    return end !== undefined && env.pathGen < end.next;
  }
  /** Of a path that leads there: is it near enough to its end to be printed? */
  prints(env: Env): boolean {
    const near = env.insnProcessed > this.until.get(env.curState.path)!.processed - KEPT_INSNS;
    if (!near) this.cut = true;
    return near;
  }
  /** The instruction that was refused, or the one before. */
  isLast(env: Env): boolean {
    return env.insnProcessed >= this.total - 1;
  }
}
