import { batch, computed, signal } from "@preact/signals-core";
import { fromHex } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import type { RunResult } from "../emulator/types.ts";
import type { LoadError } from "../loader/types.ts";
import type { ApiDifference } from "../kernel/api-types.ts";
import type { CheckProgress, DisasmLine, FullKernelWorkerApi, KernelSummary, ObjectSummary, ProgramVerdict, RunInput } from "../workers/kernel-api.ts";
import type { InsnStates, WatchRequest } from "../verifier/types.ts";
import { KernelClient } from "./kernel-client.ts";
import { mainFile } from "./project.ts";
import { realClock, type Clock, type CompileOutcome, type CompilerPort, type Download, type KernelPort } from "./ports.ts";
import type { Project } from "./types.ts";

/** Typing pauses this long before a compile starts. */
const DEBOUNCE_MS = 350;

export type CompileState =
  | { kind: "idle" }
  /** waiting for a pause in typing */
  | { kind: "waiting" }
  | { kind: "compiling"; since: number }
  | { kind: "done"; ms: number; errors: number; warnings: number }
  /** no compiler: could not be fetched, or it crashed */
  | { kind: "broken"; message: string };

export interface LoadedObject {
  id: string;
  /** "main.bpf.o" */
  name: string;
  bytes: Uint8Array;
  from: "source" | "upload";
}

export type CheckState =
  | { kind: "none" }
  | { kind: "checking"; program: string; kernel: string; since: number; /** of a long verification */ progress: CheckProgress | null }
  | { kind: "done"; verdict: ProgramVerdict; /** the source has changed since */ stale: boolean };

export type RunState =
  | { kind: "none" }
  | { kind: "running"; since: number }
  | { kind: "stopped" }
  | { kind: "refused"; message: string }
  | { kind: "done"; program: string; kernel: string; dataIn: Uint8Array | null; result: RunResult };

export type ApiLifeAnswer = Awaited<ReturnType<FullKernelWorkerApi["api"]>>;

export interface SessionOptions {
  compiler: CompilerPort;
  kernel: KernelPort;
  clock?: Clock;
  project: Project;
}

/**
 * The way from text to verdict as a state machine: edit → (pause) compile → open → check → run. Every result is a
 * signal; every request has a number, and an answer to a number that is no longer the newest is dropped.
 */
export class Session {
  readonly project = signal<Project>(null as unknown as Project);
  /** Counts the projects that were opened: a change of it is another project, not an edit of this one. */
  readonly generation = signal(0);
  readonly autoCompile = signal(true);
  readonly kernels = signal<Result<readonly KernelSummary[], string> | null>(null);
  readonly download = signal<Download | null>(null);

  readonly compile = signal<CompileState>({ kind: "idle" });
  readonly build = signal<CompileOutcome | null>(null);
  readonly object = signal<LoadedObject | null>(null);
  readonly summary = signal<ObjectSummary | null>(null);
  readonly openError = signal<LoadError | null>(null);
  readonly check = signal<CheckState>({ kind: "none" });
  readonly disasm = signal<Result<readonly DisasmLine[], LoadError> | null>(null);
  readonly run = signal<RunState>({ kind: "none" });

  /** The program that the panels show: the picked one where it exists, else the first. */
  readonly program = computed(() => {
    const programs = this.summary.value?.programs ?? [];
    const picked = this.project.value.program;
    return programs.find((p) => p.name === picked) ?? programs[0] ?? null;
  });
  readonly verdict = computed(() => (this.check.value.kind === "done" ? this.check.value.verdict : null));

  private readonly compiler: CompilerPort;
  private readonly kernelClient: KernelClient;
  private readonly clock: Clock;
  private compileSeq = 0;
  private objectSeq = 0;
  private checkSeq = 0;
  private runSeq = 0;
  private cancelTimer: (() => void) | null = null;
  /** what the object in `object` was made of; null while none is, or for an upload */
  private builtFrom: string | null = null;
  /** the text whose compile came to an end last, with or without an object */
  private attempted: string | null = null;
  private inFlight: { key: string; done: Promise<void> } | null = null;
  private readonly afterObject = new Set<(object: LoadedObject) => void>();

  constructor(options: SessionOptions) {
    this.compiler = options.compiler;
    this.clock = options.clock ?? realClock;
    this.kernelClient = new KernelClient(options.kernel, this.clock);
    this.project.value = options.project;
    this.compiler.onDownload((download) => {
      this.download.value = download;
    });
  }

  /** Asks for the kernels and compiles for the first time. */
  start(): void {
    void this.loadKernels();
    if (this.autoCompile.value) void this.compileNow();
  }

  async loadKernels(): Promise<void> {
    const answer = await this.kernelClient.call((api) => api.kernels());
    if (answer !== "gone") this.kernels.value = answer;
  }

  /** The life of one helper or kfunc as the engine tells it; an error text when it knows none. */
  async apiLife(name: string): Promise<ApiLifeAnswer> {
    const answer = await this.kernelClient.call((api) => api.api(name));
    return answer === "gone" ? { ok: false, error: "the kernel worker stopped" } : answer;
  }

  async apiChanges(from: string, to: string): Promise<Result<readonly ApiDifference[], string>> {
    const answer = await this.kernelClient.call((api) => api.apiChanges(from, to));
    return answer === "gone" ? { ok: false, error: "the kernel worker stopped" } : answer;
  }

  /** Called with each object that has been opened: the matrix listens. */
  onObject(listener: (object: LoadedObject) => void): void {
    this.afterObject.add(listener);
  }

  /** Replaces the project as a whole: example, link, import. Ends what was going on for the old one. */
  replaceProject(project: Project): void {
    batch(() => {
      this.project.value = project;
      this.generation.value = this.generation.peek() + 1;
      this.dropObject();
      this.build.value = null;
      this.compile.value = { kind: "idle" };
    });
    this.cancelCompile();
    if (this.autoCompile.value) void this.compileNow();
  }

  /** Changes the project and does what the change asks for: compile after a pause, check at once, or nothing. */
  update(change: Partial<Project>): void {
    const before = this.project.value;
    const after = { ...before, ...change };
    this.project.value = after;
    const inputChanged = this.compileKey(before) !== this.compileKey(after);
    if (inputChanged) {
      if (this.object.value?.from === "upload" && change.files === undefined && change.activeFile === undefined) {
        void this.checkNow();
        return;
      }
      this.markStale();
      if (!this.autoCompile.value) {
        if (after.kernel !== before.kernel || after.overlay !== before.overlay) void this.checkNow();
        return;
      }
      // A typed change waits for a pause; a picked one (kernel, flag, file) does not.
      if (change.files !== undefined) this.scheduleCompile(DEBOUNCE_MS);
      else void this.compileNow();
      return;
    }
    if (after.kernel !== before.kernel || after.overlay !== before.overlay || after.program !== before.program || after.logLevel !== before.logLevel || after.unprivileged !== before.unprivileged) {
      if (after.program !== before.program) this.run.value = { kind: "none" };
      void this.checkNow();
    }
  }

  private scheduleCompile(ms: number): void {
    this.cancelTimer?.();
    if (this.compile.value.kind !== "compiling") this.compile.value = { kind: "waiting" };
    this.cancelTimer = this.clock.after(ms, () => {
      this.cancelTimer = null;
      void this.compileNow();
    });
  }

  private cancelCompile(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    if (this.compile.value.kind === "compiling") this.compiler.cancel();
    this.compileSeq++;
    this.inFlight = null;
  }

  /** True when the object on show is what the text as it stands makes. */
  upToDate(): boolean {
    return this.object.value !== null && (this.object.value.from === "upload" || this.builtFrom === this.compileKey(this.project.value));
  }

  /** Compiles the text as it stands; a compile in flight of another text is cancelled. Resolves when there is an object that has been checked, or none. */
  compileNow(): Promise<void> {
    const key = this.compileKey(this.project.value);
    if (this.inFlight?.key === key && this.compile.value.kind === "compiling") return this.inFlight.done;
    this.cancelCompile();
    const done = this.compileText(this.project.value, key);
    this.inFlight = { key, done };
    return done;
  }

  private async compileText(project: Project, key: string): Promise<void> {
    const seq = ++this.compileSeq;
    const main = mainFile(project);
    if (!main || (project.files[main] ?? "").trim() === "") {
      batch(() => {
        this.compile.value = { kind: "idle" };
        this.build.value = null;
        this.dropObject();
      });
      return;
    }
    this.compile.value = { kind: "compiling", since: this.clock.now() };
    let answer: Result<CompileOutcome, string>;
    try {
      answer = await this.compiler.compile({ files: project.files, main, kernel: project.kernel, overlay: project.overlay, flags: project.flags });
    } catch (error) {
      answer = { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
    if (seq !== this.compileSeq) return;
    if (!answer.ok) {
      this.compile.value = { kind: "broken", message: answer.error };
      return;
    }
    const outcome = answer.value;
    const count = (severity: string): number => outcome.diagnostics.filter((d) => d.severity === severity).length;
    batch(() => {
      this.build.value = outcome;
      this.compile.value = { kind: "done", ms: outcome.ms, errors: count("error"), warnings: count("warning") };
      if (!outcome.object) this.dropObject();
    });
    this.attempted = key;
    if (outcome.object) await this.adopt(outcome.object, main.replace(/\.c$/, ".o"), "source", key);
  }

  /** Takes an object file from the user in place of the compiler's. */
  async upload(name: string, bytes: Uint8Array): Promise<void> {
    this.cancelCompile();
    batch(() => {
      this.compile.value = { kind: "idle" };
      this.build.value = null;
    });
    await this.adopt(bytes, name, "upload", null);
  }

  /** Goes back from an uploaded object to the source. */
  closeUpload(): void {
    if (this.object.value?.from !== "upload") return;
    this.dropObject();
    void this.compileNow();
  }

  private dropObject(): void {
    this.objectSeq++;
    this.checkSeq++;
    this.runSeq++;
    this.builtFrom = null;
    this.attempted = null;
    this.object.value = null;
    this.summary.value = null;
    this.openError.value = null;
    this.check.value = { kind: "none" };
    this.disasm.value = null;
    this.run.value = { kind: "none" };
  }

  private async adopt(bytes: Uint8Array, name: string, from: LoadedObject["from"], builtFrom: string | null): Promise<void> {
    const seq = ++this.objectSeq;
    const object: LoadedObject = { id: `object-${seq}`, name, bytes, from };
    this.kernelClient.interruptSlow();
    let answer = await this.kernelClient.open(object);
    if (answer === "gone" && seq === this.objectSeq) answer = await this.kernelClient.open(object);
    if (seq !== this.objectSeq) return;
    batch(() => {
      this.object.value = object;
      this.builtFrom = builtFrom;
      this.run.value = { kind: "none" };
      if (answer === "gone" || !answer.ok) {
        this.summary.value = null;
        this.check.value = { kind: "none" };
        this.disasm.value = null;
        this.openError.value = answer === "gone"
          ? { stage: "open", verdict: "unsupported", message: "the kernel worker stopped while it read this object", log: [] }
          : answer.error;
      } else {
        this.openError.value = null;
        this.summary.value = answer.value;
      }
    });
    if (this.summary.value) {
      await this.checkNow();
      if (seq === this.objectSeq) for (const listener of this.afterObject) listener(object);
    }
  }

  /** Checks the picked program on the picked kernel. */
  async checkNow(): Promise<void> {
    const object = this.object.value;
    const program = this.program.value;
    if (!object || !program) return;
    const seq = ++this.checkSeq;
    const { kernel, overlay, logLevel, unprivileged } = this.project.value;
    this.kernelClient.interruptSlow();
    this.check.value = { kind: "checking", program: program.name, kernel, since: this.clock.now(), progress: null };
    const onProgress = (progress: CheckProgress): void => {
      if (seq === this.checkSeq && this.check.value.kind === "checking") this.check.value = { ...this.check.value, progress };
    };
    const verdict = await this.kernelClient.about(object, (api) => api.check(object.id, program.name, kernel, overlay, { logLevel, unprivileged }, onProgress));
    if (seq !== this.checkSeq) return;
    if (verdict === "gone") {
      this.check.value = {
        kind: "done", stale: false,
        verdict: { program: program.name, kernel, verdict: "stopped", stage: "verify", message: "stopped before there was a verdict", ms: 0 },
      };
      return;
    }
    this.check.value = { kind: "done", verdict, stale: false };
    const disasm = await this.kernelClient.about(object, (api) => api.disasm(object.id, program.name, kernel, overlay));
    if (seq !== this.checkSeq || disasm === "gone") return;
    this.disasm.value = disasm;
  }

  /** States before and after an instruction of the program on show, visits `from` and on; null when the worker was ended or the verdict is no longer this one. */
  async states(watch: WatchRequest): Promise<Result<InsnStates, LoadError> | null> {
    const object = this.object.value;
    const program = this.program.value;
    if (!object || !program) return null;
    const seq = this.checkSeq;
    const { kernel, overlay, unprivileged } = this.project.value;
    const answer = await this.kernelClient.about(object, (api) => api.states(object.id, program.name, kernel, overlay, watch, { unprivileged }));
    return answer === "gone" || seq !== this.checkSeq ? null : answer;
  }

  /** Stops a long check or run. */
  stop(): void {
    const running = this.run.value.kind === "running";
    if (running) this.runSeq++;
    this.kernelClient.restart();
    if (running) this.run.value = { kind: "stopped" };
    if (this.compile.value.kind === "compiling") {
      this.cancelCompile();
      this.compile.value = { kind: "idle" };
    }
  }

  /** Ctrl+Enter: compiles if the text is newer than the object, checks, then runs the program once on the inputs. */
  async runNow(): Promise<void> {
    if (!this.upToDate() && this.attempted !== this.compileKey(this.project.value)) await this.compileNow();
    const object = this.object.value;
    const program = this.program.value;
    if (!object || !program) return;
    const seq = ++this.runSeq;
    const input = this.runInput(program.name);
    if (!input.ok) {
      this.run.value = { kind: "refused", message: input.error };
      return;
    }
    this.run.value = { kind: "running", since: this.clock.now() };
    const { overlay, kernel } = this.project.value;
    const answer = await this.kernelClient.about(object, (api) => api.run(object.id, overlay, input.value));
    if (seq !== this.runSeq) return;
    if (answer === "gone") this.run.value = { kind: "stopped" };
    else if (!answer.ok) this.run.value = { kind: "refused", message: answer.error.message };
    else this.run.value = { kind: "done", program: program.name, kernel, dataIn: input.value.dataIn, result: answer.value };
  }

  /** Inputs of a run out of their hexadecimal texts; the error names the field. */
  runInput(program: string): Result<RunInput, string> {
    const { input, maps, kernel } = this.project.value;
    const bytes = (text: string, what: string): Result<Uint8Array | null, string> => {
      if (text.trim() === "") return { ok: true, value: null };
      const value = fromHex(text);
      return value ? { ok: true, value } : { ok: false, error: `${what} is not hexadecimal: two digits for each byte are expected` };
    };
    const dataIn = bytes(input.dataIn, "the packet");
    if (!dataIn.ok) return dataIn;
    const ctxIn = bytes(input.ctxIn, "the context");
    if (!ctxIn.ok) return ctxIn;
    const out: Record<string, { key: Uint8Array; value: Uint8Array }[]> = {};
    for (const [name, entries] of Object.entries(maps)) {
      const list: { key: Uint8Array; value: Uint8Array }[] = [];
      for (const [i, entry] of entries.entries()) {
        const key = fromHex(entry.key);
        const value = fromHex(entry.value);
        if (!key || !value) return { ok: false, error: `entry ${i + 1} of map ${name} is not hexadecimal` };
        list.push({ key, value });
      }
      if (list.length > 0) out[name] = list;
    }
    return { ok: true, value: { program, kernel, dataIn: dataIn.value, ctxIn: ctxIn.value, repeat: input.repeat, maps: out } };
  }

  private markStale(): void {
    if (this.check.value.kind === "done" && !this.check.value.stale) this.check.value = { ...this.check.value, stale: true };
  }

  /** Everything that decides what clang makes. The kernel only counts where its vmlinux.h is included. */
  private compileKey(project: Project): string {
    const main = mainFile(project);
    const usesKernel = Object.values(project.files).some((text) => text.includes("vmlinux.h"));
    return JSON.stringify([main, project.files, project.flags, usesKernel ? [project.kernel, project.overlay] : null]);
  }
}
