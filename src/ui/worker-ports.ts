import { err, ok, type Result } from "../base/result.ts";
import type { CompilerPort, Download, KernelPort } from "../session/ports.ts";
import { CompileClient, packToolchain } from "../workers/compile-client.ts";
import type { FullKernelWorkerApi } from "../workers/kernel-api.ts";
import { startKernelWorker, type KernelWorkerHandle } from "../workers/kernel-host.ts";

/** The folder the page is in, slash at its end: everything fetched on demand lies below it, whatever path the page is served under. */
const base = new URL("./", document.baseURI).href;

/** A kernel worker with a spare, so that ending the busy one costs no start. */
export function makeKernelPort(withSpare = false): KernelPort {
  let active = startKernelWorker(base);
  let spare: KernelWorkerHandle | null = null;
  const refill = (): void => {
    if (withSpare) spare ??= startKernelWorker(base);
  };
  if (withSpare) setTimeout(refill, 3000);
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
    const made = await labCompiler().compile({ files: { "main.c": program }, main: "main.c", kernel, overlay, flags: { opt: "-O2", debug: true, mcpu: "v3", extra: [] } });
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

function makeCompilerPort(): CompilerPort {
  let listener: (download: Download | null) => void = () => undefined;
  const client = new CompileClient({
    base: new URL("toolchain/", base).href,
    // wasm/README.md says why the shim is the default.
    runner: new URLSearchParams(location.search).get("runner") === "sdk" ? "wasmer-sdk" : "auto",
    onProgress: ({ phase, loadedBytes, totalBytes, cached }) => listener(phase === "ready" || cached ? null : { what: "clang and headers", received: loadedBytes, total: totalBytes }),
    vmlinuxH: async (key) => {
      const wanted = overlays.get(key);
      if (!wanted) return err(`kernel ${key} is not known`);
      clearTimeout(printerIdle);
      printer ??= startKernelWorker(base);
      const text = await printer.api.vmlinuxH(wanted.kernel, wanted.overlay);
      printerIdle = setTimeout(() => {
        printer?.terminate();
        printer = null;
      }, 20_000);
      return text;
    },
  });
  return {
    async compile(request) {
      const loaded = await client.load();
      listener(null);
      if (!loaded.ok) return loaded;
      const usesKernel = Object.values(request.files).some((text) => text.includes("vmlinux.h"));
      const outcome = await client.compile({
        files: request.files, mainFiles: [request.main], kernel: usesKernel ? headerKey(request.kernel, request.overlay) : null,
        opt: request.flags.opt, debug: request.flags.debug, mcpu: request.flags.mcpu, extraArgs: request.flags.extra,
      });
      if (outcome.kind === "cancelled") return err("cancelled");
      const { object, diagnostics, stderr, ms } = outcome.result;
      return ok({ object, diagnostics, text: stderr, ms });
    },
    cancel: () => client.cancel(),
    onDownload: (next) => {
      listener = next;
    },
  };
}

export const compilerPort: CompilerPort = makeCompilerPort();

/** The compiler's files, for a copy of the page: from the server, or from what this browser keeps. */
export const compilerFiles = (): ReturnType<typeof packToolchain> => packToolchain(new URL("toolchain/", base).href);

let lab: CompilerPort | null = null;
/** A compiler of its own for what the lab compiles: the editor's next keystroke must not cancel it. Made when first asked for; one request at a time. */
export function labCompiler(): Pick<CompilerPort, "compile"> {
  lab ??= makeCompilerPort();
  const own = lab;
  return {
    compile(request) {
      const turn = queue.then(() => own.compile(request));
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}
let queue: Promise<unknown> = Promise.resolve();
