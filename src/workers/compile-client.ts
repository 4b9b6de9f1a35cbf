import { proxy, type Remote, wrap } from "comlink";
import { err, type Result } from "../base/result.ts";
import type { CompileResult } from "../compiler/types.ts";
import type { CompileProgress, CompilerInfo, CompileWorkerApi, RunnerChoice, ToolchainHandle, WorkerCompileRequest } from "./compile-api.ts";

export interface CompileClientOptions {
  /** URL of the folder with toolchain.json, slash at its end */
  base: string;
  runner?: RunnerChoice;
  onProgress?: (progress: CompileProgress) => void;
  /** vmlinux.h of a kernel; asked once per kernel and client */
  vmlinuxH: (kernel: string) => Promise<Result<string, string>>;
  /** a client whose toolchain is used: nothing is fetched or compiled again, and no spare is kept */
  sharing?: CompileClient | null;
  /** for tests; default: the real worker */
  makeWorker?: () => CompileWorkerHandle;
}

/** A worker and the way to end it. */
export interface CompileWorkerHandle {
  api: Remote<CompileWorkerApi>;
  terminate(): void;
}

/** "cancelled": a newer request, cancel() or close() came first. */
export type CompileOutcome = { readonly kind: "done"; readonly result: CompileResult } | { readonly kind: "cancelled" };

const IDLE_BEFORE_PRECOMPILE = 400;

/**
 * The page's side of compiling. One request is in flight; a newer one cancels it. clang cannot be interrupted, so cancelling
 * ends its worker and goes on in a spare that has the module already: compiled code is shared between workers, not fetched
 * or compiled again. When the page rests after a compile, a precompiled header for its #includes is made, so that the
 * next compile is quick.
 */
export class CompileClient {
  private readonly options: CompileClientOptions;
  private active: CompileWorkerHandle;
  private spare: CompileWorkerHandle | undefined;
  private handle: ToolchainHandle | undefined;
  private info: CompilerInfo | undefined;
  private loading: Promise<Result<CompilerInfo, string>> | undefined;
  private readonly given = new WeakMap<CompileWorkerHandle, Set<string>>();
  private readonly headers = new Map<string, string>();
  private running: { cancel: () => void; inClang: boolean } | undefined;
  private idle: ReturnType<typeof setTimeout> | undefined;
  private precompiling = false;
  private closed = false;

  constructor(options: CompileClientOptions) {
    this.options = options;
    this.active = this.makeWorker();
  }

  /** Fetches and prepares the compiler; asked for again after a failure, it tries again. */
  load(): Promise<Result<CompilerInfo, string>> {
    this.loading ??= this.loadNow().then((result) => {
      if (!result.ok) this.loading = undefined;
      return result;
    });
    return this.loading;
  }

  /** Compiles; the newest request wins. Failures of every kind are in the result's diagnostics. */
  async compile(request: WorkerCompileRequest): Promise<CompileOutcome> {
    this.cancel();
    if (this.closed) return { kind: "cancelled" };
    let cancel: () => void = () => undefined;
    const cancelled = new Promise<CompileOutcome>((resolve) => {
      cancel = () => resolve({ kind: "cancelled" });
    });
    const running = { cancel, inClang: false };
    this.running = running;
    const work = this.compileNow(request, running).catch((reason): CompileOutcome => ({ kind: "done", result: crashed(reason) }));
    const outcome = await Promise.race([work, cancelled]);
    if (this.running === running) {
      this.running = undefined;
      if (outcome.kind === "done") this.precompileWhenIdle(request);
    }
    return outcome;
  }

  /** Ends the compile in flight, if there is one. */
  cancel(): void {
    clearTimeout(this.idle);
    const running = this.running;
    this.running = undefined;
    running?.cancel();
    if (running?.inClang || this.precompiling) this.replaceWorker();
  }

  /** Paths that can be #included, for completion; empty before load. */
  async headerNames(): Promise<string[]> {
    return this.info ? this.active.api.headerNames() : [];
  }

  /** A kernel's header has changed (an overlay was edited): it is asked for again. */
  forgetKernel(kernel: string): void {
    this.headers.delete(kernel);
    this.given.get(this.active)?.delete(kernel);
    if (this.spare) this.given.get(this.spare)?.delete(kernel);
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.active.terminate();
    this.spare?.terminate();
    this.spare = undefined;
  }

  /** The loaded toolchain, for a client that shares it; null where it cannot be (the SDK runs its own). */
  private async toolchain(): Promise<{ handle: ToolchainHandle; info: CompilerInfo } | null> {
    const loaded = await this.load();
    return loaded.ok && this.handle ? { handle: this.handle, info: loaded.value } : null;
  }

  private async loadNow(): Promise<Result<CompilerInfo, string>> {
    const onProgress = this.options.onProgress;
    try {
      const shared = await this.options.sharing?.toolchain();
      if (shared) {
        this.info = shared.info;
        this.handle = shared.handle;
        return await this.active.api.adopt(shared.handle, shared.info);
      }
      const loaded = await this.active.api.load(this.options.base, this.options.runner ?? "auto", proxy((progress: CompileProgress) => onProgress?.(progress)));
      if (!loaded.ok) return loaded;
      this.info = loaded.value;
      this.handle = await this.active.api.handle();
      this.makeSpare();
      return loaded;
    } catch (reason) {
      return err(`the compiler's worker did not start (${reason instanceof Error ? reason.message : String(reason)})`);
    }
  }

  private async compileNow(request: WorkerCompileRequest, running: { inClang: boolean }): Promise<CompileOutcome> {
    const loaded = await this.load();
    if (!loaded.ok) return { kind: "done", result: failed(loaded.error) };
    if (request.kernel !== null) {
      const given = await this.giveKernel(request.kernel);
      if (!given.ok) return { kind: "done", result: failed(given.error) };
    }
    if (this.running !== running) return { kind: "cancelled" };
    running.inClang = true;
    return { kind: "done", result: await this.active.api.compile(request) };
  }

  private async giveKernel(kernel: string): Promise<Result<void, string>> {
    let text = this.headers.get(kernel);
    if (text === undefined) {
      const asked = await this.options.vmlinuxH(kernel);
      if (!asked.ok) return asked;
      text = asked.value;
      this.headers.set(kernel, text);
    }
    // The worker may have been replaced meanwhile: give it to the one that will compile.
    const worker = this.active;
    const given = this.given.get(worker)!;
    if (!given.has(kernel)) {
      given.add(kernel);
      await worker.api.addKernel(kernel, text);
    }
    return { ok: true, value: undefined };
  }

  private precompileWhenIdle(request: WorkerCompileRequest): void {
    // Side work is over soon; what it includes is not what is typed next.
    if (this.options.sharing) return;
    this.idle = setTimeout(() => {
      this.precompiling = true;
      const worker = this.active;
      worker.api
        .precompile(request)
        .catch(() => 0)
        .finally(() => {
          if (this.active === worker) this.precompiling = false;
        });
    }, IDLE_BEFORE_PRECOMPILE);
  }

  /** Ends the busy worker and goes on with the spare. */
  private replaceWorker(): void {
    // Without a toolchain to hand over (the SDK loads its own), or before load, the work is left to finish unheard.
    if (!this.handle || this.closed) return;
    this.active.terminate();
    this.precompiling = false;
    this.active = this.spare ?? this.makeWorker(true);
    this.spare = undefined;
    this.makeSpare();
  }

  private makeSpare(): void {
    if (this.handle && !this.options.sharing && !this.spare && !this.closed) this.spare = this.makeWorker(true);
  }

  private makeWorker(adopt = false): CompileWorkerHandle {
    const worker = (this.options.makeWorker ?? startWorker)();
    this.given.set(worker, new Set());
    if (adopt && this.handle && this.info) void worker.api.adopt(this.handle, this.info).catch(() => undefined);
    return worker;
  }
}

/** The files of the toolchain's folder at `base`, packed in a worker that lives only as long. */
export async function packToolchain(base: string): Promise<Result<{ name: string; bytes: Uint8Array<ArrayBuffer> }[], string>> {
  const worker = startWorker();
  try {
    return await worker.api.pack(base);
  } catch (reason) {
    return err(`the compiler could not be packed (${reason instanceof Error ? reason.message : String(reason)})`);
  } finally {
    worker.terminate();
  }
}

function startWorker(): CompileWorkerHandle {
  const worker = new Worker(new URL("./compile.worker.ts", import.meta.url), { type: "module", name: "compile" });
  return { api: wrap<CompileWorkerApi>(worker), terminate: () => worker.terminate() };
}

function crashed(reason: unknown): CompileResult {
  return failed(`the compiler's worker failed (${reason instanceof Error ? reason.message : String(reason)})`);
}

function failed(message: string): CompileResult {
  return {
    ok: false,
    object: null,
    objects: [],
    diagnostics: [{ severity: "error", file: "", line: 0, col: 0, endLine: 0, endCol: 0, message, flag: null, fixits: [], notes: [] }],
    stderr: `error: ${message}\n`,
    ms: 0,
  };
}
