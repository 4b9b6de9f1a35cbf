import { proxy, wrap } from "comlink";
import type { CheckProgress, FullKernelWorkerApi, ProgramVerdict } from "./kernel-api.ts";
import type { KernelWorkerShell } from "./kernel-shell.ts";

/** A kernel worker and the way to end it: what it is doing stops at once, and calls in flight never settle. */
export interface KernelWorkerHandle {
  api: FullKernelWorkerApi;
  terminate(): void;
}

/** Starts a kernel worker for the page at `base` (document.baseURI's folder, slash at its end). */
export function startKernelWorker(base: string): KernelWorkerHandle {
  const worker = new Worker(new URL("./kernel.worker.ts", import.meta.url), { type: "module", name: "kernel" });
  const remote = wrap<KernelWorkerShell>(worker);
  // Messages keep their order: whatever is asked later finds the base set.
  void remote.start(base);
  const api: FullKernelWorkerApi = {
    kernels: () => remote.kernels(),
    vmlinuxH: (kernel, overlay) => remote.vmlinuxH(kernel, overlay),
    open: (objectId, object, name) => remote.open(objectId, object, name),
    check: (objectId, program, kernel, overlay, options, onProgress) =>
      remote.check(objectId, program, kernel, overlay, options, onProgress && proxy((progress: CheckProgress) => onProgress(progress))),
    states: (objectId, program, kernel, overlay, watch, options) => remote.states(objectId, program, kernel, overlay, watch, options),
    disasm: (objectId, program, kernel, overlay) => remote.disasm(objectId, program, kernel, overlay),
    run: (objectId, overlay, input) => remote.run(objectId, overlay, input),
    loadKernel: (kernel, overlay) => remote.loadKernel(kernel, overlay),
    matrix: (job, request, onVerdict) => remote.matrix(job, request, proxy((verdict: ProgramVerdict) => onVerdict(verdict))),
    cancel: (job) => remote.cancel(job),
    typeHints: (kernel, messages) => remote.typeHints(kernel, messages),
    explain: (name, kernel, overlay, progType) => remote.explain(name, kernel, overlay, progType),
    api: (name) => remote.api(name),
    calls: (objectId, kernel, overlay) => remote.calls(objectId, kernel, overlay),
    difference: (objectId, program, from, to, overlay, options) => remote.difference(objectId, program, from, to, overlay, options),
    apiChanges: (from, to) => remote.apiChanges(from, to),
    stability: (name, kernel, overlay) => remote.stability(name, kernel, overlay),
    overlayProblems: (overlay, kernel) => remote.overlayProblems(overlay, kernel),
    labNames: (kernel, overlay, what, part) => remote.labNames(kernel, overlay, what, part),
    labPolicy: (kernel, overlay, today) => remote.labPolicy(kernel, overlay, today),
    labBodies: (overlay) => remote.labBodies(overlay),
    withBodies: (overlay, objects) => remote.withBodies(overlay, objects),
    shim: (request) => remote.shim(request),
  };
  return { api, terminate: () => worker.terminate() };
}
