import { fromHex, toHex } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { RunResult } from "../emulator/types.ts";
import type { KernelWorkerApi, ProgramVerdict, RunInput } from "../workers/kernel-api.ts";
import { plainHex } from "../workshop/checks.ts";
import { kernelOf } from "../workshop/kernels.ts";
import type { Attempt, AttemptBuild, AttemptRun, AttemptVerdict, KernelName, StepInput, Workshop } from "../workshop/types.ts";
import { PRESETS } from "./packets/presets.ts";

/** What judges and runs: a kernel worker seen through its client, or the engine itself. "gone": it was ended under the question. */
export type AskKernel = <T>(work: (api: Pick<KernelWorkerApi, "check" | "disasm" | "run">) => Promise<T>) => Promise<T | "gone">;

export interface AttemptOptions {
  workshop: Pick<Workshop, "labs">;
  files: Readonly<Record<string, string>>;
  /** what clang made of the files */
  build: AttemptBuild;
  /** id of the object, opened where `ask` leads; null when there is none */
  objectId: string | null;
  ask: AskKernel;
}

const GONE = "stopped before there was an answer";

/** One state of the attendee's files, compiled: answers what the checks of a step want to know of it. */
export class CompiledAttempt implements Attempt {
  readonly files: Readonly<Record<string, string>>;
  private readonly options: AttemptOptions;

  constructor(options: AttemptOptions) {
    this.options = options;
    this.files = options.files;
  }

  async compile(): Promise<AttemptBuild> {
    return this.options.build;
  }

  async verdict(program: string, kernel: KernelName): Promise<AttemptVerdict> {
    const v = await this.check(program, kernel, 0);
    if (typeof v === "string") return { verdict: "stopped", stage: "verify", message: v, insns: 0, warnings: [] };
    return { verdict: v.verdict, stage: v.stage, message: v.message, insns: v.verify?.stats.insns ?? 0, warnings: v.warnings ?? [], ...(v.note === undefined ? {} : { note: v.note }) };
  }

  async log(program: string, kernel: KernelName): Promise<string> {
    const v = await this.check(program, kernel, 2);
    return typeof v === "string" ? "" : (v.verify?.log ?? "");
  }

  async calls(program: string, kernel: KernelName): Promise<readonly string[]> {
    const where = this.where(kernel);
    if (!where.ok) return [];
    const lines = await this.options.ask((api) => api.disasm(where.value.objectId, program, where.value.release, where.value.overlay));
    if (lines === "gone" || !lines.ok) return [];
    return [...new Set(lines.value.flatMap((line) => (line.call && line.call.kind !== "subprog" ? [line.call.name] : [])))];
  }

  async run(program: string, kernel: KernelName, input: StepInput | null): Promise<AttemptRun> {
    const where = this.where(kernel);
    const given = runInput(program, where.ok ? where.value.release : "", input);
    if (!where.ok || !given.ok) return notRun(where.ok ? (given.ok ? "" : given.error) : where.error);
    const result = await this.options.ask((api) => api.run(where.value.objectId, where.value.overlay, given.value));
    if (result === "gone") return notRun(GONE);
    return result.ok ? attemptRun(result.value) : notRun(result.error.message);
  }

  private async check(program: string, kernel: KernelName, logLevel: number): Promise<ProgramVerdict | string> {
    const where = this.where(kernel);
    if (!where.ok) return where.error;
    const { objectId, release, overlay } = where.value;
    const v = await this.options.ask((api) => api.check(objectId, program, release, overlay, { logLevel }));
    return v === "gone" ? GONE : v;
  }

  private where(kernel: KernelName): Result<{ objectId: string; release: string; overlay: string | null }, string> {
    const known = kernelOf(this.options.workshop, kernel);
    if (!known) return err(`the workshop has no kernel ${kernel}`);
    return this.options.objectId === null ? err("there is no object") : ok({ objectId: this.options.objectId, ...known });
  }
}

function notRun(message: string): AttemptRun {
  return { outcome: "refused", message, retval: 0, packetOut: "", trace: [], maps: {} };
}

/** A run's result in the terms of checks. Of a per-CPU map the values of the CPU that ran (0). */
export function attemptRun(result: RunResult): AttemptRun {
  const maps = Object.fromEntries(result.maps.map((map) => [map.name, map.entries.filter((e) => (e.cpu ?? 0) === 0).map((e) => ({ key: toHex(e.key), value: toHex(e.value) }))]));
  return { outcome: result.outcome, message: result.message ?? "", retval: result.retval, ...(result.action === undefined || /^\d/.test(result.action) ? {} : { action: result.action }), packetOut: result.dataOut ? toHex(result.dataOut) : "", trace: result.trace, maps };
}

/** A step's input as the engine takes it; the error names what is wrong in it. */
export function runInput(program: string, kernel: string, input: StepInput | null): Result<RunInput, string> {
  if (input === null) return ok({ program, kernel, dataIn: null, ctxIn: null, repeat: 1, maps: {} });
  const texts = inputTexts(input);
  if (!texts.ok) return texts;
  const { dataIn, ctxIn, maps } = texts.value;
  const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
  return ok({
    program, kernel, repeat: input.repeat, dataIn: dataIn === "" ? null : bytes(dataIn), ctxIn: ctxIn === "" ? null : bytes(ctxIn),
    maps: Object.fromEntries(Object.entries(maps).map(([name, entries]) => [name, entries.map((e) => ({ key: bytes(e.key), value: bytes(e.value) }))])),
  });
}

interface InputTexts { dataIn: string; ctxIn: string; maps: Record<string, { key: string; value: string }[]> }

/** A step's input in hexadecimal, as a project holds it. */
export function inputTexts(input: StepInput): Result<InputTexts, string> {
  const preset = input.preset === null ? null : PRESETS.find((p) => p.id === input.preset);
  if (preset === undefined) return err(`there is no packet "${input.preset}"; there are ${PRESETS.map((p) => p.id).join(", ")}`);
  const hex = (text: string, what: string): Result<string, string> => {
    const plain = plainHex(text);
    return fromHex(plain) ? ok(plain) : err(`${what} is neither hexadecimal nor a number such as "u32 1"`);
  };
  const dataIn = preset ? ok(toHex(preset.bytes)) : hex(input.dataIn ?? "", "the packet");
  if (!dataIn.ok) return dataIn;
  const ctxIn = hex(input.ctxIn ?? "", "the context");
  if (!ctxIn.ok) return ctxIn;
  const maps: InputTexts["maps"] = {};
  for (const [name, entries] of Object.entries(input.maps)) {
    const list: { key: string; value: string }[] = [];
    for (const entry of entries) {
      const key = hex(entry.key, `a key of map ${name}`);
      const value = hex(entry.value, `a value of map ${name}`);
      if (!key.ok) return key;
      if (!value.ok) return value;
      list.push({ key: key.value, value: value.value });
    }
    maps[name] = list;
  }
  return ok({ dataIn: dataIn.value, ctxIn: ctxIn.value, maps });
}
