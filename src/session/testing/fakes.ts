import { ok, type Result } from "../../base/result.ts";
import type { LoadError } from "../../loader/types.ts";
import type { FullKernelWorkerApi, ProgramVerdict } from "../../workers/kernel-api.ts";
import type { Clock, CompileOutcome, CompileRequest, CompilerPort, Download, KernelPort } from "../ports.ts";

/** A compiler under the test's control: each compile waits until the test answers it. */
export class FakeCompiler implements CompilerPort {
  readonly requests: { request: CompileRequest; answer: (outcome: Result<CompileOutcome, string>) => void }[] = [];
  cancelled = 0;
  listener: ((download: Download | null) => void) | null = null;
  compile(request: CompileRequest): Promise<Result<CompileOutcome, string>> {
    return new Promise((resolve) => this.requests.push({ request, answer: resolve }));
  }
  cancel(): void {
    this.cancelled++;
  }
  onDownload(listener: (download: Download | null) => void): void {
    this.listener = listener;
  }
}

export function outcome(object: Uint8Array | null = new Uint8Array([1]), diagnostics: CompileOutcome["diagnostics"] = []): Result<CompileOutcome, string> {
  return ok({ object, diagnostics, text: "", ms: 5 });
}

/** A kernel worker that answers at once; tests change its methods. */
export class FakeKernel implements KernelPort {
  restarts = 0;
  readonly calls: string[] = [];
  programs = [{ name: "first", section: "xdp", type: "xdp", insns: 4 }, { name: "second", section: "tc", type: "sched_cls", insns: 6 }];
  verdictOf: (program: string, kernel: string) => Promise<ProgramVerdict> = async (program, kernel) => ({ program, kernel, verdict: "accepted", stage: "verify", message: "", ms: 1 });
  private opened = new Set<string>();
  api: FullKernelWorkerApi = this.makeApi();

  restart(): void {
    this.restarts++;
    this.opened = new Set();
    this.api = this.makeApi();
  }

  private makeApi(): FullKernelWorkerApi {
    const opened = new Set<string>();
    this.opened = opened;
    const fail: LoadError = { stage: "open", verdict: "rejected", message: "object is not open", log: [] };
    return {
      kernels: async () => ok([{ kernel: "7.2", release: "7.2.0", helpers: 1, kfuncs: 1, btf: true, packBytes: 1 }]),
      vmlinuxH: async () => ok(""),
      open: async (id) => {
        this.calls.push(`open ${id}`);
        opened.add(id);
        return ok({ programs: this.programs, maps: [] });
      },
      check: async (id, program, kernel) => {
        this.calls.push(`check ${id} ${program} ${kernel}`);
        if (!opened.has(id)) throw new Error("not open");
        return this.verdictOf(program, kernel);
      },
      states: async () => ({ ok: false, error: fail }),
      disasm: async (id) => (opened.has(id) ? ok([]) : { ok: false, error: fail }),
      run: async (id, _overlay, input) => {
        this.calls.push(`run ${id} ${input.program}`);
        return ok({ outcome: "exited", retval: 2, dataOut: null, ctxOut: null, maps: [], trace: [], insnsExecuted: 3, nsPerRun: 1 });
      },
      loadKernel: async () => ({ ok: false, error: "not here" }),
      matrix: async () => ok({ judged: 0, cancelled: false }),
      cancel: async () => undefined,
      typeHints: async () => ({ ok: false, error: "not here" }),
      explain: async () => ({ ok: false, error: "not here" }),
      api: async () => ({ ok: false, error: "not here" }),
      calls: async () => ({ ok: true as const, value: [] }),
      difference: async () => ({ ok: false, error: "not here" }),
      apiChanges: async () => ok([]),
      stability: async () => ({ ok: false, error: "not here" }),
      overlayProblems: async () => ({ problems: [], notes: [] }),
      labNames: async () => ok([]),
      labPolicy: async () => ok(null),
      labBodies: async () => ok([]),
      withBodies: async (overlay) => ok(overlay),
      shim: async () => ({ ok: false, error: "not here" }),
    };
  }
}

/** Time that passes when the test says so. */
export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; run: () => void }[] = [];
  now(): number {
    return this.time;
  }
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((t) => t !== timer);
    };
  }
  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter((t) => t.at <= this.time);
    this.timers = this.timers.filter((t) => t.at > this.time);
    for (const timer of due) timer.run();
  }
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}
