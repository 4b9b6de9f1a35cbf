import type { RunResult } from "./types.ts";

/**
 * Ends a run from any depth; caught by the machine and turned into a RunResult, never seen by callers of the room.
 * "fault": the program did what no verified program does. "unsupported": the simulation lacks something.
 */
export class Fault extends Error {
  readonly outcome: Exclude<RunResult["outcome"], "exited">;
  /** overrides the instruction that was running, where a nested one is to blame */
  insn: number | undefined;

  constructor(outcome: Exclude<RunResult["outcome"], "exited">, message: string) {
    super(message);
    this.outcome = outcome;
  }
}

export function unsupported(message: string): Fault {
  return new Fault("unsupported", message);
}

export function badAccess(message: string): Fault {
  return new Fault("fault", message);
}
