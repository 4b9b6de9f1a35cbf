// The page that runners.test.ts drives: the compile worker's service in a worker, one per runner, and the client above it.
import { CompileClient } from "../../src/workers/compile-client.ts";
import type { CompileProgress, RunnerChoice, WorkerCompileRequest } from "../../src/workers/compile-api.ts";

const base = new URL("/toolchain/", location.href).href;
const clients = new Map<string, CompileClient>();
const progress: CompileProgress[] = [];
let header = "";

function client(runner: RunnerChoice): CompileClient {
  let made = clients.get(runner);
  if (!made) {
    made = new CompileClient({ base, runner, onProgress: (p) => progress.push(p), vmlinuxH: async () => ({ ok: true, value: header }) });
    clients.set(runner, made);
  }
  return made;
}

const page = {
  isolated: () => crossOriginIsolated,
  progress: () => progress,
  async load(runner: RunnerChoice) {
    const start = performance.now();
    const loaded = await client(runner).load();
    return { loaded, ms: performance.now() - start };
  },
  async compile(runner: RunnerChoice, request: WorkerCompileRequest, vmlinuxH: string) {
    const start = performance.now();
    header = vmlinuxH;
    const outcome = await client(runner).compile(request);
    const ms = performance.now() - start;
    if (outcome.kind === "cancelled") return { kind: "cancelled" as const, ms };
    const { result } = outcome;
    return {
      kind: "done" as const,
      ms,
      inner: result.ms,
      diagnostics: result.diagnostics,
      stderr: result.stderr,
      precompiled: result.objects.map((o) => o.precompiled),
      object: result.object ? [...result.object] : null,
    };
  },
  /** A newer request while one is in flight: how both end. */
  async overtake(runner: RunnerChoice, request: WorkerCompileRequest, vmlinuxH: string, after: number) {
    header = vmlinuxH;
    const c = client(runner);
    const first = c.compile(request);
    await new Promise((resolve) => setTimeout(resolve, after));
    const start = performance.now();
    const second = await c.compile(request);
    return { first: (await first).kind, second: second.kind === "done" && second.result.ok, ms: performance.now() - start };
  },
};

export type RunnersPage = typeof page;
Object.assign(window, { page });
