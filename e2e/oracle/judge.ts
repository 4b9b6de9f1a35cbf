/**
 * Asking a real kernel: every program of the given objects, each by itself, as a loader with only that program
 * enabled would load it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { boot } from "./boot.ts";
import { buildRunner } from "./build-runner.ts";
import { Channel, inputLimit, RecordType, RequestWriter, type RunnerRecord } from "./channel.ts";
import type { CpioEntry } from "./cpio.ts";
import { fetchImage } from "./images.ts";
import { errorLine, logStatistics, reportTitle, type LogStatistics } from "./log-text.ts";
import { kernelModules, loadOrder } from "./packs/modules.ts";

/** An object to be judged or run. */
export interface OracleObject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Who said no: libbpf while opening the object (`open`), while creating maps, relocating, resolving (`prepare`), or
 * right before the system call (`load`); the kernel before the verifier ran, with no word in the log (`syscall`);
 * the verifier (`verify`).
 */
export type Stage = "open" | "prepare" | "load" | "syscall" | "verify";

/** A log as one level gives it. */
export interface LevelLog {
  readonly level: number;
  readonly errno: number;
  readonly text: string;
}

/** A real kernel's answer about one program. */
export interface ProgramAnswer {
  readonly object: string;
  readonly program: string;
  readonly section: string;
  /** libbpf's names of the program type and expected attach type. */
  readonly type: string;
  readonly attachType: string;
  /** Instructions in the object, subprograms not counted. */
  readonly size: number;
  /** `crash`, `hang`: the machine went down or stood still; `timeout`: the load took longer than allowed. */
  readonly verdict: "accepted" | "rejected" | "crash" | "hang" | "timeout";
  readonly stage: Stage;
  /** Positive errno, 0 when accepted. */
  readonly errno: number;
  /** The verifier's error line, or libbpf's first warning. */
  readonly message: string;
  /** All that libbpf warned of, when it refused. */
  readonly messages: readonly string[];
  /** 7.3 and later: title of the structured report. */
  readonly report?: string;
  readonly statistics?: LogStatistics;
  /** Bytes of the program after the verifier's rewriting, when accepted. */
  readonly xlatedBytes?: number;
  /** The rewritten instructions, when asked for. */
  readonly xlated?: Uint8Array;
  readonly logs: readonly LevelLog[];
}

/** An object that libbpf doesn't open has no programs; this stands in their place. */
export interface ObjectRefusal {
  readonly object: string;
  readonly errno: number;
  readonly messages: readonly string[];
}

/** How to ask. */
export interface JudgeOptions {
  /** Log levels to ask at, the first decides the verdict (default [5]: states on failure, and statistics). */
  readonly logLevels?: readonly number[];
  /** Size of the log buffer in bytes (default and most: 16 MiB - 1, the limit of 5.10). */
  readonly logSize?: number;
  /** Seconds for one program (default 60). */
  readonly seconds?: number;
  /** BPF_F_… flags of the load (default none: neither BPF_F_TEST_STATE_FREQ nor an alignment flag). */
  readonly programFlags?: number;
  /** Without any capability at BPF_PROG_LOAD; BTF and maps are made with all of them. */
  readonly unprivileged?: boolean;
  /** Ask for the rewritten instructions. */
  readonly xlated?: boolean;
  /** Further arguments of the kernel; the last of two that contradict each other counts. */
  readonly append?: string;
  /** Loads the modules that bring kfuncs or struct_ops (packs/modules.ts), and what they depend on, first. */
  readonly modules?: boolean;
  /** Puts the kernel's .config where libbpf looks for it: /boot/config-RELEASE. */
  readonly config?: boolean;
  /** Called when a program's answer is complete. */
  readonly onAnswer?: (answer: ProgramAnswer) => void;
  /** Called with remarks about the machine (restarts). */
  readonly onRemark?: (text: string) => void;
}

/** All answers, in the objects' order. */
export interface Judgement {
  readonly answers: readonly ProgramAnswer[];
  readonly refusals: readonly ObjectRefusal[];
}

export const hexDigest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const stages: readonly Stage[] = ["open", "prepare", "load", "syscall"];
/** Bytes of log a program gets, as the kernel takes them at most. */
export const maxLogSize = (1 << 24) - 1;

interface ProgramHead {
  readonly program: string;
  readonly section: string;
  readonly type: string;
  readonly attachType: string;
  readonly size: number;
}

/** Judges objects on a kernel. A program that takes the machine down costs a restart, not the others' answers. */
export async function judge(kernel: string, objects: readonly OracleObject[], options: JudgeOptions = {}): Promise<Judgement> {
  const collected = new Collector(objects, options);
  for (let first = 0; first < objects.length; ) {
    let last = first;
    for (let bytes = 0; last < objects.length && bytes + (objects[last]?.bytes.length ?? 0) + 4096 < inputLimit; last++) bytes += (objects[last]?.bytes.length ?? 0) + 4096;
    if (last === first) throw new Error(`${objects[first]?.name} is too large for the channel`);
    let at = { object: first, program: 0 };
    let again = -1;
    while (at.object < last) {
      collected.begin(at.object);
      const outcome = await session(kernel, request(objects.slice(at.object, last), at.program, options), options, (record) => collected.take(record));
      if (outcome === "done") break;
      // Before any program was begun it may have been the machine's own fault: once more.
      if (collected.opening !== undefined && collected.opening !== again) {
        again = collected.opening;
        at = { object: again, program: again === at.object ? at.program : 0 };
        options.onRemark?.(`${kernel}: ${outcome} before a program was begun; once more`);
        continue;
      }
      const culprit = collected.interrupted(outcome);
      options.onRemark?.(`${kernel}: ${outcome} at ${culprit.what}; starting again behind it`);
      at = culprit.next;
    }
    first = last;
  }
  return { answers: collected.answers, refusals: collected.refusals };
}

function request(objects: readonly OracleObject[], firstProgram: number, options: JudgeOptions): Buffer {
  const levels = options.logLevels ?? [5];
  const writer = new RequestWriter().u32(objects.length);
  objects.forEach((object, i) => {
    writer.string(libbpfName(object.name)).bytes(object.bytes).u32((options.xlated ? 1 : 0) | (options.unprivileged ? 2 : 0)).u32(i === 0 ? firstProgram : 0);
    writer.u32(options.seconds ?? 60).u32(options.programFlags ?? 0).u32(Math.min(options.logSize ?? maxLogSize, maxLogSize)).u32(levels.length);
    for (const level of levels) writer.u32(level);
    writer.u32(0);
  });
  return writer.finish();
}

/** What libbpf calls an object that it opens from a file of this name (bpf_object__new): it ends at the first dot. */
export const libbpfName = (file: string): string => file.replace(/\..*$/, "");

/** Boots once and feeds every record to `take`. A minute and a half beyond the program limit without a word is a hang. */
export async function session(
  kernel: string,
  input: Buffer,
  options: Pick<JudgeOptions, "seconds" | "modules" | "config" | "onRemark" | "append">,
  take: (record: RunnerRecord) => void,
): Promise<"done" | "crash" | "hang"> {
  const channel = new Channel(input);
  const modules = options.modules ? modulesToLoad(kernel) : [];
  const files = modules.map(({ data }, i): CpioEntry => ({ path: `modules/${String(i).padStart(3, "0")}.ko`, kind: "file", data }));
  if (options.config) files.push(configFile(kernel));
  const stop = new AbortController();
  let done = false;
  let heard = Date.now();
  const drain = () => {
    for (const record of channel.drain()) {
      heard = Date.now();
      if (record.type === RecordType.done) done = true;
      else take(record);
    }
    if (Date.now() - heard > ((options.seconds ?? 60) + 90) * 1000) stop.abort();
  };
  const timer = setInterval(drain, 20);
  try {
    const result = await boot(kernel, { init: readFileSync(buildRunner()), files, memory: 2048, timeout: 86_400, shared: channel, signal: stop.signal, ...(options.append === undefined ? {} : { append: options.append }) });
    drain();
    for (const [, i, why] of result.console.matchAll(/\/modules\/(\d+)\.ko: (.*)/g)) throw new Error(`${kernel}: module ${modules[Number(i)]?.name} did not load: ${why?.trim()}`);
    if (done) return "done";
    if (/oracle: no channel/.test(result.console)) throw new Error(`${kernel}: the runner did not start:\n${result.console.slice(-2000)}`);
    options.onRemark?.(`${kernel}: the machine's last words:\n${result.console.trimEnd().slice(-1500)}`);
    return result.end === "timeout" ? "hang" : "crash";
  } finally {
    clearInterval(timer);
    channel.close();
  }
}

/** What to load, dependencies first. Throws where the archive has no modules for this kernel. */
function modulesToLoad(kernel: string): ReturnType<typeof loadOrder> {
  if (!fetchImage(kernel).modules) throw new Error(`${kernel}: Debian's archive has no modules for this image`);
  return loadOrder(kernelModules(kernel));
}

function configFile(kernel: string): CpioEntry {
  const { config, release } = fetchImage(kernel);
  if (!existsSync(config)) throw new Error(`${kernel}: Debian's archive has no .config for this image`);
  return { path: `boot/config-${release}`, kind: "file", data: readFileSync(config) };
}

class Collector {
  readonly answers: ProgramAnswer[] = [];
  readonly refusals: ObjectRefusal[] = [];
  #base = 0;
  readonly #objects: readonly OracleObject[];
  readonly #options: JudgeOptions;
  #object = 0;
  #heads: ProgramHead[] = [];
  #program = -1;
  #messages: string[] = [];
  #failure: { errno: number; stage: Stage } | undefined;
  #logs: { level: number; errno: number; parts: Buffer[]; xlatedBytes: number }[] = [];
  #xlated: Buffer[] = [];

  constructor(objects: readonly OracleObject[], options: JudgeOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  /** A machine starts on the objects from number `base` on, which it calls 0. */
  begin(base: number): void {
    this.#base = base;
    this.#object = base;
    this.#clear(-1);
  }

  take({ type, payload }: RunnerRecord): void {
    switch (type) {
      case RecordType.object:
        this.#object = this.#base + payload.readUInt32LE(0);
        this.#heads = [];
        this.#clear(-1);
        return;
      case RecordType.program: {
        const [program = "", section = "", programType = "", attachType = ""] = payload.toString("utf8", 4).split("\0");
        this.#heads.push({ program, section, type: programType, attachType, size: payload.readUInt32LE(0) });
        return;
      }
      case RecordType.begin:
        this.#clear(payload.readUInt32LE(0));
        return;
      case RecordType.message:
        this.#messages.push(payload.toString("utf8", 4).replace(/^libbpf: /, "").trimEnd());
        return;
      case RecordType.fail: {
        this.#failure = { errno: -payload.readInt32LE(0), stage: stages[payload.readUInt32LE(4)] ?? "open" };
        if (this.#program < 0) this.refusals.push({ object: this.#name, errno: this.#failure.errno, messages: this.#messages });
        return;
      }
      case RecordType.verdict:
        this.#logs.push({ errno: -payload.readInt32LE(0), level: payload.readUInt32LE(4), xlatedBytes: payload.readUInt32LE(8), parts: [] });
        return;
      case RecordType.log:
        this.#logs[this.#logs.length - 1]?.parts.push(payload);
        return;
      case RecordType.xlated:
        this.#xlated.push(payload);
        return;
      case RecordType.end:
        if (this.#program >= 0) this.#finish(payload.readInt32LE(0) === 0 ? undefined : "timeout");
        this.#clear(-1);
        return;
    }
  }

  /** Number of the object that is being opened; undefined while a program is judged. */
  get opening(): number | undefined {
    return this.#program < 0 ? this.#object : undefined;
  }

  /** Records what the machine was busy with when it went down, and says where to go on. */
  interrupted(how: "crash" | "hang"): { what: string; next: { object: number; program: number } } {
    const program = this.#program;
    const what = `${this.#name} ${this.#heads[program]?.program ?? ""}`;
    if (program < 0) {
      this.refusals.push({ object: this.#name, errno: 0, messages: [`${how} while opening`] });
      this.#clear(-1);
      return { what, next: { object: this.#object + 1, program: 0 } };
    }
    this.#finish(how);
    this.#clear(-1);
    return { what, next: { object: this.#object, program: program + 1 } };
  }

  get #name(): string {
    return this.#objects[this.#object]?.name ?? "";
  }

  #clear(program: number): void {
    this.#program = program;
    this.#messages = [];
    this.#failure = undefined;
    this.#logs = [];
    this.#xlated = [];
  }

  #finish(accident: "crash" | "hang" | "timeout" | undefined): void {
    const head = this.#heads[this.#program];
    if (!head) return;
    const logs = this.#logs.map(({ level, errno, parts }): LevelLog => ({ level, errno, text: Buffer.concat(parts).toString("utf8") }));
    // A log that was too small for the first level was asked for again at level 4, right behind it.
    const retried = logs[0]?.errno === 28 && logs[1]?.level === 4;
    const verdict = logs[retried ? 1 : 0];
    const errno = verdict?.errno ?? this.#failure?.errno ?? 0;
    const accepted = verdict?.errno === 0;
    const first = verdict?.text ?? "";
    const answer: ProgramAnswer = {
      object: this.#name,
      ...head,
      verdict: verdict || this.#failure ? (accepted ? "accepted" : "rejected") : (accident ?? "crash"),
      stage: verdict ? "verify" : (this.#failure?.stage ?? "verify"),
      errno,
      message: verdict ? (accepted ? "" : errorLine(first)) : (this.#messages[0] ?? ""),
      messages: verdict ? [] : this.#messages,
      report: accepted ? undefined : reportTitle(first),
      statistics: logStatistics(first),
      xlatedBytes: accepted ? this.#logs[retried ? 1 : 0]?.xlatedBytes : undefined,
      xlated: this.#xlated.length ? Buffer.concat(this.#xlated) : undefined,
      logs,
    };
    this.answers.push(answer);
    this.#options.onAnswer?.(answer);
  }
}
