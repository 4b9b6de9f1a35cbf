import type { Result } from "../base/result.ts";
import type { FullKernelWorkerApi, ObjectSummary } from "../workers/kernel-api.ts";
import type { LoadError } from "../loader/types.ts";
import type { Clock, KernelPort } from "./ports.ts";

export interface OpenObject { id: string; bytes: Uint8Array }

/** Work in flight longer than this is not waited for when something newer is wanted: its worker is ended. */
const PATIENCE_MS = 300;

/**
 * One kernel worker as the session sees it: opens an object again after a restart, turns a dead worker into a value,
 * and interrupts slow work that nobody wants any more.
 */
export class KernelClient {
  private epoch = 0;
  private opened = new Set<string>();
  private inFlight = new Map<number, number>();
  private nextCall = 1;
  private interrupts = new Set<() => void>();
  private undoIdle: () => void = () => undefined;
  private readonly port: KernelPort;
  private readonly clock: Clock;
  private readonly patience: number;

  /** `patience`: milliseconds that work in flight is let run when something newer is wanted. */
  constructor(port: KernelPort, clock: Clock, patience = PATIENCE_MS) {
    this.port = port;
    this.clock = clock;
    this.patience = patience;
  }

  /** A call that needs no object. "gone" when the worker was ended or died under it. */
  async call<T>(work: (api: FullKernelWorkerApi) => Promise<T>): Promise<T | "gone"> {
    this.undoIdle();
    const epoch = this.epoch;
    const id = this.nextCall++;
    this.inFlight.set(id, this.clock.now());
    let interrupt: () => void = () => undefined;
    const interrupted = new Promise<"gone">((resolve) => {
      interrupt = () => resolve("gone");
      this.interrupts.add(interrupt);
    });
    try {
      const value = await Promise.race([work(this.port.api), interrupted]);
      return epoch === this.epoch ? value : "gone";
    } catch (error) {
      if (epoch === this.epoch) {
        console.error("the kernel worker failed", error);
        this.restart();
      }
      return "gone";
    } finally {
      this.inFlight.delete(id);
      this.interrupts.delete(interrupt);
      this.watchIdle();
    }
  }

  /** A worker that nobody asks anything keeps its kernels, some ten MB each: after a while it is ended. */
  private watchIdle(): void {
    const { idleMs } = this.port;
    this.undoIdle();
    if (idleMs !== undefined && this.inFlight.size === 0) this.undoIdle = this.clock.after(idleMs, () => this.rest());
  }

  /** Ends the worker unless it is working; what it had open is opened again when it is needed. */
  rest(): void {
    this.undoIdle();
    if (this.inFlight.size > 0 || !this.port.rest) return;
    this.opened.clear();
    this.port.rest();
  }

  /** Opens the object if this worker has not seen it. */
  async open(object: OpenObject): Promise<Result<ObjectSummary, LoadError> | "gone"> {
    const epoch = this.epoch;
    const answer = await this.call((api) => api.open(object.id, object.bytes));
    if (answer !== "gone" && answer.ok && epoch === this.epoch) this.opened.add(object.id);
    return answer;
  }

  /** A call about an object; opens it first where a restart has lost it. */
  async about<T>(object: OpenObject, work: (api: FullKernelWorkerApi) => Promise<T>): Promise<T | "gone"> {
    if (!this.opened.has(object.id)) {
      const answer = await this.open(object);
      if (answer === "gone" || !answer.ok) return "gone";
    }
    return this.call(work);
  }

  /** Ends work that has been going on for long; short work is left to finish (its result is dropped by whoever asked). */
  interruptSlow(): void {
    const now = this.clock.now();
    for (const since of this.inFlight.values()) {
      if (now - since > this.patience) {
        this.restart();
        return;
      }
    }
  }

  restart(): void {
    this.epoch++;
    this.opened.clear();
    this.inFlight.clear();
    this.port.restart();
    for (const interrupt of [...this.interrupts]) interrupt();
  }
}
