import { err, ok, type Result } from "../base/result.ts";
import type { CompileOutcome, CompileRequest, CompilerPort, Download, KernelPort } from "../session/ports.ts";
import { CompileClient, packToolchain } from "../workers/compile-client.ts";
import type { FullKernelWorkerApi } from "../workers/kernel-api.ts";
import { startKernelWorker, type KernelWorkerHandle } from "../workers/kernel-host.ts";

/** The folder the page is in, slash at its end: everything fetched on demand lies below it, whatever path the page is served under. */
const base = new URL("./", document.baseURI).href;

/** Kernel workers besides the editor's own are ended when nothing was asked of them for so long, in milliseconds. */
const IDLE_MS = 60_000;

/** The editor's kernel worker, with a spare, so that ending the busy one costs no start. */
export function makeKernelPort(): KernelPort {
  let active = startKernelWorker(base);
  let spare: KernelWorkerHandle | null = null;
  const refill = (): void => {
    spare ??= startKernelWorker(base);
  };
  setTimeout(refill, 3000);
  let api = withCompiledBodies(active.api);
  return {
    get api() {
      return api;
    },
    restart() {
      active.terminate();
      active = spare ?? startKernelWorker(base);
      api = withCompiledBodies(active.api);
      spare = null;
      refill();
    },
  };
}

/** A kernel worker for side work: started when it is first asked something, ended when it has been idle for a while (unless told otherwise). */
export function makeSidePort(endWhenIdle = true): KernelPort & { rest(): void } {
  let active: { handle: KernelWorkerHandle; api: FullKernelWorkerApi } | null = null;
  const end = (): void => {
    active?.handle.terminate();
    active = null;
  };
  return {
    ...(endWhenIdle ? { idleMs: IDLE_MS } : {}),
    get api() {
      if (!active) {
        const handle = startKernelWorker(base);
        active = { handle, api: withCompiledBodies(handle.api) };
      }
      return active.api;
    },
    restart: end,
    rest: end,
  };
}

/** A custom kernel may hold functions in C: they are compiled before a run, and kept while the document stays. */
function withCompiledBodies(api: FullKernelWorkerApi): FullKernelWorkerApi {
  let kept: { key: string; text: Promise<Result<string, string>> } | null = null;
  return {
    ...api,
    async run(objectId, overlay, input) {
      if (overlay === null) return api.run(objectId, overlay, input);
      const key = `${input.kernel}\n${overlay}`;
      if (kept?.key !== key) kept = { key, text: compileBodies(api, overlay, input.kernel) };
      const text = await kept.text;
      if (!text.ok) {
        kept = null;
        return err({ stage: "open", verdict: "rejected", message: text.error, log: [] });
      }
      return api.run(objectId, text.value, input);
    },
  };
}

async function compileBodies(api: FullKernelWorkerApi, overlay: string, kernel: string): Promise<Result<string, string>> {
  const bodies = await api.labBodies(overlay);
  if (!bodies.ok) return bodies;
  if (bodies.value.length === 0) return ok(overlay);
  const objects: Record<string, Uint8Array> = {};
  for (const { path, program } of bodies.value) {
    const made = await labCompiler.compile({ files: { "main.c": program }, main: "main.c", kernel, overlay, flags: { opt: "-O2", debug: true, mcpu: "v3", extra: [] } });
    if (!made.ok) return made;
    const first = made.value.diagnostics.find((d) => d.severity === "error");
    if (!made.value.object) return err(`custom kernel: ${path}.text${first && first.line > 0 ? ` line ${first.line}` : ""}: ${first?.message ?? "did not compile"}`);
    objects[path] = made.value.object;
  }
  return api.withBodies(overlay, objects);
}

/** vmlinux.h is printed in a worker of its own, so that the one that judges is free meanwhile; it is ended when nobody has asked for a while. */
let printer: KernelWorkerHandle | null = null;
let printerIdle: ReturnType<typeof setTimeout> | undefined;
async function headerWorker<T>(ask: (api: KernelWorkerHandle["api"]) => Promise<T>): Promise<T> {
  clearTimeout(printerIdle);
  printer ??= startKernelWorker(base);
  const answer = await ask(printer.api);
  printerIdle = setTimeout(() => {
    printer?.terminate();
    printer = null;
  }, 20_000);
  return answer;
}
const overlays = new Map<string, { kernel: string; overlay: string | null }>();

/** The compiler keeps headers by key; an overlay has a key of its own, as it may change what vmlinux.h says. */
function headerKey(kernel: string, overlay: string | null): string {
  let key = kernel;
  if (overlay !== null) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < overlay.length; i++) hash = Math.imul(hash ^ overlay.charCodeAt(i), 0x01000193);
    key = `${kernel}+${(hash >>> 0).toString(16)}-${overlay.length}`;
  }
  overlays.set(key, { kernel, overlay });
  return key;
}

function makeClient(listener: () => (download: Download | null) => void, sharing: CompileClient | null): CompileClient {
  return new CompileClient({
    base: new URL("toolchain/", base).href,
    // wasm/README.md says why the shim is the default.
    runner: new URLSearchParams(location.search).get("runner") === "sdk" ? "wasmer-sdk" : "auto",
    sharing,
    onProgress: ({ phase, loadedBytes, totalBytes, cached }) => listener()(phase === "ready" || cached ? null : { what: "clang and headers", received: loadedBytes, total: totalBytes }),
    vmlinuxH: async (key) => {
      const wanted = overlays.get(key);
      if (!wanted) return err(`kernel ${key} is not known`);
      return headerWorker((api) => api.vmlinuxH(wanted.kernel, wanted.overlay));
    },
  });
}

/** Errors about types that the kernel lacks, with the kernels that have them. */
async function withHints(kernel: string, diagnostics: CompileOutcome["diagnostics"]): Promise<CompileOutcome["diagnostics"]> {
  const hints = await headerWorker((api) => api.typeHints(kernel, diagnostics.map((d) => d.message)));
  return hints.ok ? diagnostics.map((d, i) => (hints.value[i] ? { ...d, hint: hints.value[i] } : d)) : diagnostics;
}
async function compileWith(client: CompileClient, request: CompileRequest): Promise<Result<CompileOutcome, string>> {
  const usesKernel = Object.values(request.files).some((text) => text.includes("vmlinux.h"));
  const outcome = await client.compile({
    files: request.files, mainFiles: [request.main], kernel: usesKernel ? headerKey(request.kernel, request.overlay) : null,
    opt: request.flags.opt, debug: request.flags.debug, mcpu: request.flags.mcpu, extraArgs: request.flags.extra,
  });
  if (outcome.kind === "cancelled") return err("cancelled");
  const { object, stderr, ms } = outcome.result;
  const diagnostics = object || !usesKernel ? outcome.result.diagnostics : await withHints(request.kernel, outcome.result.diagnostics);
  return ok({ object, diagnostics, text: stderr, ms });
}

let download: (download: Download | null) => void = () => undefined;
const mainClient = makeClient(() => download, null);

export const compilerPort: CompilerPort = {
  async compile(request) {
    const loaded = await mainClient.load();
    download(null);
    return loaded.ok ? compileWith(mainClient, request) : loaded;
  },
  cancel: () => mainClient.cancel(),
  onDownload: (next) => {
    download = next;
  },
};

/** The compiler's files, for a copy of the page: from the server, or from what this browser keeps. */
export const compilerFiles = (): ReturnType<typeof packToolchain> => packToolchain(new URL("toolchain/", base).href);

let lab: CompileClient | null = null;
let labIdle: ReturnType<typeof setTimeout> | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * A compiler of its own for what the lab compiles: the editor's next keystroke must not cancel it. It shares the editor's clang,
 * compiles one request at a time, and is ended when it has been idle for a while.
 */
export const labCompiler: Pick<CompilerPort, "compile"> = {
  compile(request) {
    clearTimeout(labIdle);
    const turn = queue.then(async () => {
      lab ??= makeClient(() => () => undefined, mainClient);
      const loaded = await lab.load();
      return loaded.ok ? compileWith(lab, request) : loaded;
    });
    const last = turn.catch(() => undefined).then(() => {
      if (queue !== last) return;
      clearTimeout(labIdle);
      labIdle = setTimeout(() => {
        lab?.close();
        lab = null;
      }, IDLE_MS);
    });
    queue = last;
    return turn;
  },
};
