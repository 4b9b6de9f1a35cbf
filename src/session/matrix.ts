import { signal } from "@preact/signals-core";
import type { Result } from "../base/result.ts";
import type { CallStatus, ProgramDifference, ProgramVerdict } from "../workers/kernel-api.ts";
import { KernelClient } from "./kernel-client.ts";
import type { KernelPair } from "./kernel-pair.ts";
import { realClock, type Clock, type KernelPort } from "./ports.ts";
import type { LoadedObject } from "./session.ts";

export type Cell = { kind: "waiting" } | { kind: "checking" } | { kind: "done"; verdict: ProgramVerdict };

export const cellKey = (program: string, kernel: string): string => `${program}\n${kernel}`;

export interface MatrixJob {
  object: LoadedObject;
  programs: readonly string[];
  /** oldest first */
  kernels: readonly string[];
  overlay: string | null;
  /** default false */
  unprivileged?: boolean;
  /** this program's row is filled first */
  first: string | null;
}

/** Judges every program on every kernel, one cell after the other, in a worker of its own, so that the editor's check never waits for it. */
export class Matrix {
  readonly cells = signal<ReadonlyMap<string, Cell>>(new Map());
  /** by kernel, once its column is filled: what the object calls, and whether the kernel has it */
  readonly calls = signal<ReadonlyMap<string, readonly CallStatus[]>>(new Map());
  readonly progress = signal<{ done: number; total: number } | null>(null);
  /** the object the cells are about */
  readonly objectId = signal<string | null>(null);
  private seq = 0;
  private readonly makePort: () => KernelPort;
  private readonly clock: Clock;
  private client: KernelClient | null = null;

  constructor(makePort: () => KernelPort, clock: Clock = realClock) {
    this.makePort = makePort;
    this.clock = clock;
  }

  /** Starts over for this object. Resolves when all cells are filled or a newer job has begun. */
  async fill(job: MatrixJob): Promise<void> {
    const seq = ++this.seq;
    this.client ??= new KernelClient(this.makePort(), this.clock);
    this.client.interruptSlow();
    const programs = [...job.programs].sort((a, b) => Number(b === job.first) - Number(a === job.first));
    // A kernel at a time, newest first: each pack is opened once, however few the worker keeps open.
    const todo = [...job.kernels].reverse().flatMap((kernel) => programs.map((program) => ({ program, kernel })));
    this.objectId.value = job.object.id;
    this.cells.value = new Map(todo.map((t) => [cellKey(t.program, t.kernel), { kind: "waiting" }]));
    this.calls.value = new Map();
    this.progress.value = { done: 0, total: todo.length };
    let done = 0;
    for (const { program, kernel } of todo) {
      this.set(program, kernel, { kind: "checking" });
      const verdict = await this.client.about(job.object, (api) => api.check(job.object.id, program, kernel, job.overlay, { logLevel: 0, unprivileged: job.unprivileged === true }));
      if (seq !== this.seq) return;
      this.set(program, kernel, {
        kind: "done",
        verdict: verdict === "gone" ? { program, kernel, verdict: "stopped", stage: "verify", message: "stopped before there was a verdict", ms: 0 } : verdict,
      });
      this.progress.value = { done: ++done, total: todo.length };
      if (program !== programs.at(-1)) continue;
      const calls = await this.client.about(job.object, (api) => api.calls(job.object.id, kernel, job.overlay));
      if (seq !== this.seq) return;
      if (calls !== "gone" && calls.ok) this.calls.value = new Map(this.calls.value).set(kernel, calls.value);
    }
    this.progress.value = null;
  }

  /** Why two kernels answer differently to a program; waits for the cell that is being filled. "gone" when something newer has interrupted it. */
  async difference({ object, program, overlay, unprivileged }: Omit<MatrixJob, "programs" | "kernels" | "first"> & { program: string }, { from, to }: KernelPair): Promise<Result<ProgramDifference, string> | "gone"> {
    this.client ??= new KernelClient(this.makePort(), this.clock);
    return this.client.about(object, (api) => api.difference(object.id, program, from, to, overlay, { unprivileged: unprivileged === true }));
  }

  /** Forgets all cells and stops. */
  clear(): void {
    this.seq++;
    this.client?.interruptSlow();
    this.cells.value = new Map();
    this.calls.value = new Map();
    this.progress.value = null;
    this.objectId.value = null;
  }

  private set(program: string, kernel: string, cell: Cell): void {
    const next = new Map(this.cells.value);
    next.set(cellKey(program, kernel), cell);
    this.cells.value = next;
  }
}

/** Where in a row of kernels (oldest first) something holds: everywhere, from one on, up to one, in one stretch, or here and there. */
export type Extent = { kind: "none" | "all" | "scattered" } | { kind: "from" | "to" | "only" | "between"; first: number; last: number };

export function extentOf(holds: readonly boolean[]): Extent {
  const first = holds.indexOf(true);
  const last = holds.lastIndexOf(true);
  if (first < 0) return { kind: "none" };
  if (holds.every(Boolean)) return { kind: "all" };
  if (!holds.slice(first, last + 1).every(Boolean)) return { kind: "scattered" };
  const kind = last === holds.length - 1 ? "from" : first === 0 ? "to" : first === last ? "only" : "between";
  return { kind, first, last };
}

/**
 * In words, from which kernel on a program is accepted, out of a filled row (oldest kernel first).
 * null while cells are missing.
 */
export function minimumKernel(row: readonly (Cell | undefined)[], kernels: readonly string[]): string | null {
  const all = row.map((cell) => (cell?.kind === "done" ? cell.verdict.verdict : null));
  if (all.length === 0 || all.some((v) => v === null)) return null;
  const known = (i: number): boolean => all[i] === "accepted" || all[i] === "rejected";
  if (!all.every((_, i) => known(i))) {
    const unknown = kernels.filter((_, i) => !known(i));
    const rest = minimumKernel(row.filter((_, i) => known(i)), kernels.filter((_, i) => known(i)));
    return `${rest === null ? "" : `${rest}; `}not known for ${unknown.join(", ")}`;
  }
  const accepted = all.map((v) => v === "accepted");
  const extent = extentOf(accepted);
  switch (extent.kind) {
    case "none": return "accepted by none of them";
    case "all": return `accepted by all, from ${kernels[0]} on`;
    case "scattered": return `accepted by ${kernels.filter((_, i) => accepted[i]).join(", ")} only`;
    case "from": return `needs ${kernels[extent.first]} or newer`;
    case "to": return `accepted up to ${kernels[extent.last]}, not after`;
    case "only": return `accepted by ${kernels[extent.first]} only`;
    case "between": return `accepted from ${kernels[extent.first]} to ${kernels[extent.last]}`;
  }
}
