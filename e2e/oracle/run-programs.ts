/**
 * Running programs on a real kernel with BPF_PROG_TEST_RUN: packets and contexts in; return values, packets, contexts,
 * trace lines and map contents out. All byte strings are hexadecimal.
 */
import { libbpfName, session } from "./judge.ts";
import { errorLine } from "./log-text.ts";
import { RecordType, RequestWriter, type RunnerRecord } from "./channel.ts";

/** One BPF_PROG_TEST_RUN. */
export interface RunStep {
  readonly program: string;
  /** Packet or test data; left out where the program type takes none. */
  readonly dataIn?: string;
  /** Context as user space passes it (struct __sk_buff, xdp_md, …; u64 arguments for raw tracepoints). */
  readonly ctxIn?: string;
  /** Default 1 where there is data, else 0 (which is what the types without data demand). */
  readonly repeat?: number;
  /** BPF_F_TEST_… flags. */
  readonly flags?: number;
}

/** An object loaded anew, map contents set, steps in order. */
export interface RunCase {
  readonly name: string;
  /** Programs to load; all of the object when left out. */
  readonly programs?: readonly string[];
  /** Map entries set before the first step. A value for a per-CPU map has 8-byte aligned copies for each processor. */
  readonly maps?: Readonly<Record<string, readonly { readonly key: string; readonly value: string }[]>>;
  readonly steps: readonly RunStep[];
}

/** What came of a step. */
export interface StepResult {
  /** Positive errno of the system call; 0: it ran. */
  readonly errno: number;
  readonly retval: number;
  readonly dataOut?: string;
  readonly ctxOut?: string;
  /** Text of bpf_trace_printk and the like, line by line, without task, time and processor. */
  readonly trace: readonly string[];
}

/** A map after the last step: entries sorted by key (records of queues, stacks, rings in their order). */
export interface MapResult {
  readonly name: string;
  /** Number of enum bpf_map_type. */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly entries: readonly { readonly key: string; readonly value: string }[];
}

/** What came of a case. */
export interface RunResult {
  readonly name: string;
  /** The object did not load, or a map entry could not be set: why. */
  readonly failed?: { readonly errno: number; readonly messages: readonly string[] };
  readonly steps: readonly StepResult[];
  readonly maps: readonly MapResult[];
}

/** A case with its object. */
export interface RunJob {
  readonly object: { readonly name: string; readonly bytes: Uint8Array };
  readonly case: RunCase;
}

const hex = (text: string | undefined): Buffer => Buffer.from((text ?? "").replace(/\s+/g, ""), "hex");
const roomForGrowth = 1024;

function steps(run: RunCase): Buffer {
  const writer = new RequestWriter().u32(run.programs?.length ?? 0);
  for (const name of run.programs ?? []) writer.string(name);
  const entries = Object.entries(run.maps ?? {}).flatMap(([map, list]) => list.map((entry) => ({ map, ...entry })));
  writer.u32(entries.length);
  for (const { map, key, value } of entries) writer.string(map).bytes(hex(key)).bytes(hex(value));
  writer.u32(run.steps.length);
  for (const step of run.steps) {
    const data = hex(step.dataIn);
    const context = hex(step.ctxIn);
    const hasData = step.dataIn !== undefined;
    writer.string(step.program).u32(hasData ? 1 : 0).bytes(data).bytes(context);
    writer.u32(step.repeat ?? (hasData ? 1 : 0)).u32(step.flags ?? 0).u32(0);
    writer.u32(hasData ? data.length + roomForGrowth : 0).u32(hasData ? context.length : 0);
  }
  return writer.finish();
}

/** Runs all cases in one machine. A crash is a failed case; the cases behind it run in a new machine. */
export async function runPrograms(kernel: string, jobs: readonly RunJob[]): Promise<RunResult[]> {
  const results: RunResult[] = [];
  while (results.length < jobs.length) {
    const rest = jobs.slice(results.length);
    const writer = new RequestWriter().u32(rest.length);
    for (const { object, case: run } of rest) {
      writer.string(libbpfName(object.name)).bytes(object.bytes).u32(0).u32(0).u32(30).u32(0).u32(0).u32(0).bytes(steps(run));
    }
    const collected = new Results(rest);
    const outcome = await session(kernel, writer.finish(), { seconds: 30 }, (record) => collected.take(record));
    results.push(...collected.finish(outcome));
  }
  return results;
}

interface OpenResult {
  failed?: { errno: number; messages: string[] };
  steps: StepResult[];
  maps: { name: string; type: number; keySize: number; valueSize: number; entries: { key: string; value: string }[] }[];
}

class Results {
  readonly #jobs: readonly RunJob[];
  readonly #open: OpenResult[] = [];
  #messages: string[] = [];

  constructor(jobs: readonly RunJob[]) {
    this.#jobs = jobs;
  }

  take({ type, payload }: RunnerRecord): void {
    const now = this.#open[this.#open.length - 1];
    if (type === RecordType.object) {
      this.#open.push({ steps: [], maps: [] });
      this.#messages = [];
      return;
    }
    if (!now) return;
    const step = now.steps[now.steps.length - 1];
    const map = now.maps[now.maps.length - 1];
    switch (type) {
      case RecordType.message:
        this.#messages.push(withoutLog(payload.toString("utf8", 4).replace(/^libbpf: /, "").trimEnd()));
        return;
      case RecordType.fail:
        now.failed ??= { errno: -payload.readInt32LE(0), messages: this.#messages };
        return;
      case RecordType.end:
        now.failed ??= { errno: 0, messages: [`the run was stopped (wait status ${payload.readInt32LE(0)})`] };
        return;
      case RecordType.step: {
        const split = 12 + payload.readUInt32LE(8);
        const [dataOut, ctxOut] = [payload.subarray(12, split), payload.subarray(split)];
        const job = this.#jobs[this.#open.length - 1]?.case.steps[now.steps.length];
        now.steps.push({
          errno: -payload.readInt32LE(0),
          retval: payload.readUInt32LE(4),
          dataOut: job?.dataIn === undefined ? undefined : dataOut.toString("hex"),
          ctxOut: ctxOut.length ? ctxOut.toString("hex") : undefined,
          trace: [],
        });
        return;
      }
      case RecordType.trace:
        if (step) now.steps[now.steps.length - 1] = { ...step, trace: [...step.trace, ...traceLines(payload.toString("utf8"))] };
        return;
      case RecordType.map:
        now.maps.push({
          type: payload.readUInt32LE(0),
          keySize: payload.readUInt32LE(4),
          valueSize: payload.readUInt32LE(8),
          name: payload.toString("utf8", 16).replace(/\0.*$/, ""),
          entries: [],
        });
        return;
      case RecordType.entry: {
        const split = 4 + payload.readUInt32LE(0);
        map?.entries.push({ key: payload.toString("hex", 4, split), value: payload.toString("hex", split) });
        return;
      }
    }
  }

  finish(outcome: "done" | "crash" | "hang"): RunResult[] {
    const last = this.#open[this.#open.length - 1];
    if (outcome !== "done" && last) last.failed = { errno: 0, messages: [`${outcome} of the machine`] };
    return this.#open.map((result, i) => {
      for (const map of result.maps) if (map.keySize > 0) map.entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      return { name: this.#jobs[i]?.case.name ?? "", ...result };
    });
  }
}

/** `task-pid [cpu] flags time: function: text` → text. */
function traceLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.replace(/^.*? [\d.]+: \S+: /, ""));
}

/** libbpf prints a failed program's whole log: its error line is enough, the rest has times and addresses in it. */
function withoutLog(message: string): string {
  const log = /-- BEGIN PROG LOAD LOG --\n([\s\S]*?)-- END PROG LOAD LOG --/.exec(message)?.[1];
  return log === undefined ? message : errorLine(log);
}
