// The workers as the page uses them, without the page: what the benchmarks drive in Chromium.
import { CompileClient } from "../../src/workers/compile-client.ts";
import type { WorkerCompileRequest } from "../../src/workers/compile-api.ts";
import { startKernelWorker } from "../../src/workers/kernel-host.ts";
import { brotliTransform } from "../../src/compiler/brotli.ts";

const base = new URL("../../", location.href).href;
const kernels = startKernelWorker(base);
const client = new CompileClient({ base: new URL("toolchain/", base).href, vmlinuxH: (kernel) => kernels.api.vmlinuxH(kernel, null) });
let objects = 0;
let object: Uint8Array | null = null;

const bench = {
  load: () => client.load(),
  /** Compiles; the object is kept for the calls below. */
  async compile(request: WorkerCompileRequest) {
    const start = performance.now();
    const outcome = await client.compile(request);
    const ms = performance.now() - start;
    if (outcome.kind === "cancelled") return { ms, ok: false, inside: 0, precompiled: false, stderr: "cancelled" };
    object = outcome.result.object;
    const [first] = outcome.result.objects;
    return { ms, ok: outcome.result.ok, inside: outcome.result.ms, precompiled: first?.precompiled ?? false, stderr: outcome.result.stderr };
  },
  vmlinuxH: (kernel: string) => kernels.api.vmlinuxH(kernel, null),
  /** Fetches a pack into the browser's cache; ms that unpacking it takes by itself. */
  async fetchPack(file: string) {
    const packed = new Uint8Array(await (await fetch(`${base}kernels/${file}`)).arrayBuffer());
    const gzip = packed[0] === 0x1f && packed[1] === 0x8b;
    const transform = gzip ? new DecompressionStream("gzip") : await brotliTransform();
    const start = performance.now();
    await new Response(new Blob([packed]).stream().pipeThrough(transform)).arrayBuffer();
    return performance.now() - start;
  },
  /** ms until the kernel is usable; the index is there already, as it is in the page. */
  async openPack(kernel: string) {
    await kernels.api.kernels();
    const start = performance.now();
    const loaded = await kernels.api.loadKernel(kernel, null);
    if (!loaded.ok) throw new Error(loaded.error);
    return performance.now() - start;
  },
  openKernel: (kernel: string) => kernels.api.loadKernel(kernel, null),
  /** From the object to the verdict: open, bind, verify, and the way to the worker and back. */
  async judge(kernel: string, program: string | null, given: number[] | null) {
    const bytes = given ? new Uint8Array(given) : object!;
    const id = `bench-${++objects}`;
    const start = performance.now();
    const opened = await kernels.api.open(id, bytes);
    if (!opened.ok) return { ms: performance.now() - start, verdict: opened.error.message, insns: 0, verifyMs: 0 };
    const name = program ?? opened.value.programs[0]!.name;
    const verdict = await kernels.api.check(id, name, kernel, null, { logLevel: 1 });
    return { ms: performance.now() - start, verdict: verdict.verdict, message: verdict.message, insns: verdict.verify?.stats.insns ?? 0, verifyMs: verdict.verify?.stats.ms ?? 0 };
  },
  async run(kernel: string, program: string, given: number[], dataIn: number[], repeat: number) {
    const id = `bench-${++objects}`;
    const opened = await kernels.api.open(id, new Uint8Array(given));
    if (!opened.ok) return { ms: 0, insns: 0, outcome: opened.error.message };
    const start = performance.now();
    const run = await kernels.api.run(id, null, { program, kernel, dataIn: new Uint8Array(dataIn), ctxIn: null, repeat, maps: {} });
    const ms = performance.now() - start;
    return run.ok ? { ms, insns: run.value.insnsExecuted, outcome: run.value.outcome } : { ms, insns: 0, outcome: run.error.message };
  },
  /** clang.wasm's way to being usable, one step after another; the page overlaps them. */
  async steps(url: string) {
    const times: Record<string, number> = {};
    let at = performance.now();
    const step = (name: string): void => {
      const now = performance.now();
      times[name] = now - at;
      at = now;
    };
    const packed = new Uint8Array(await (await fetch(base + url, { cache: "no-store" })).arrayBuffer());
    step("fetch");
    const unpacked = await new Response(new Blob([packed]).stream().pipeThrough(await brotliTransform())).arrayBuffer();
    step("unpack");
    await WebAssembly.compile(unpacked);
    step("compile");
    return { times, packed: packed.length, unpacked: unpacked.byteLength };
  },
};

export type Bench = typeof bench;
Object.assign(window, { bench });
