import type { SimMap } from "./maps/sim-map.ts";

export interface SimTimer {
  /** address of the struct bpf_timer or bpf_wq in a map value */
  address: bigint;
  map: SimMap;
  key: Uint8Array;
  /** address of the map value */
  value: bigint;
  kind: "timer" | "wq";
  callback: bigint;
  /** clock value at which it fires; undefined: not armed */
  expires: bigint | undefined;
}

/** Timers and work items of a machine, by address. They fire after the program's own run, in the order of their times. */
export class TimerQueue {
  private readonly timers = new Map<bigint, SimTimer>();

  get(address: bigint): SimTimer | undefined {
    return this.timers.get(address);
  }
  add(timer: SimTimer): void {
    this.timers.set(timer.address, timer);
  }
  remove(address: bigint): void {
    this.timers.delete(address);
  }
  /** The next one to fire; it is disarmed. */
  take(): SimTimer | undefined {
    let next: SimTimer | undefined;
    for (const timer of this.timers.values()) {
      if (timer.expires !== undefined && (next?.expires === undefined || timer.expires < next.expires)) next = timer;
    }
    return next;
  }
  clear(): void {
    this.timers.clear();
  }
}
