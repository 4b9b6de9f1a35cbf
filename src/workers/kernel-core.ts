/** The engine behind the kernel worker: tests and the command line call it directly, kernel.worker.ts is its shell. */
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { changesBetween, lifeRows } from "../kernel/api-change.ts";
import { explainLoad, type LoadHelp } from "../loader/explain.ts";
import { missingTypeText, namesMissed } from "../kernel/type-life.ts";
import { explainMissing, findApi } from "../kernel/api-explain.ts";
import type { ApiDifference, ApiExplanation, ApiRow } from "../kernel/api-types.ts";
import { nearestNames } from "../kernel/nearest.ts";
import type { Kernel } from "../kernel/types.ts";
import { callStatuses } from "./call-status.ts";
import type { BoundProgram, LoadError, ObjectSpec, ProgramSpec } from "../loader/types.ts";
import type { RunResult } from "../emulator/types.ts";
import { disasmLines } from "./disasm-lines.ts";
import type { Doors } from "./doors.ts";
import type {
  Answer, CallStatus, CheckOptions, CheckProgress, DisasmLine, FullKernelWorkerApi, KernelSummary, LoadedKernel, MatrixRequest, ObjectSummary, ProgramDifference, ProgramVerdict, RunInput,
} from "./kernel-api.ts";
import type { InsnStates, WatchRequest } from "../verifier/types.ts";
import { kernelFor } from "../kernel/lab/views.ts";
import type { LabVerdict, LabWorkerApi } from "./lab-api.ts";
import { labBodies, labNames, labPolicy, overlayProblems, shim, stability, withBodies } from "./lab-core.ts";
import { labVerdict } from "./lab-uses.ts";
import { callDifferences, kernelDifference } from "./kernel-difference.ts";
import { KernelStore } from "./kernel-store.ts";
import type { FetchKernelFile } from "./kernel-store.ts";
import { Lru } from "./lru.ts";
import { subjectOf } from "./refusal-subject.ts";

const PROGRESS_MS = 250;
/** How long the difference of two kernels is looked into, milliseconds. */
const DIFFERENCE_MS = 15_000;

export interface KernelCoreOptions {
  fetch: FetchKernelFile;
  doors: Doors;
  /** opened packs kept in memory; default 12 (one takes about 14 MB) */
  maxPacks?: number;
  /** parsed objects kept in memory; default 8: the page asks about the newest */
  maxObjects?: number;
  /** milliseconds */
  now?: () => number;
  /** the day from which days left are counted, "2026-11-20"; default the host's */
  today?: () => string;
  /** lets other messages in between two verdicts of a matrix; default: a turn of the event loop */
  pause?: () => Promise<void>;
}

export class KernelCore implements FullKernelWorkerApi {
  readonly store: KernelStore;
  private readonly doors: Doors;
  private readonly now: () => number;
  private readonly today: () => string;
  private readonly pause: () => Promise<void>;
  private readonly objects: Lru<string, ObjectSpec>;
  private readonly jobs = new Map<string, { cancelled: boolean }>();

  constructor(options: KernelCoreOptions) {
    this.doors = options.doors;
    this.objects = new Lru(options.maxObjects ?? 8);
    this.store = new KernelStore({ fetch: options.fetch, doors: options.doors, maxPacks: options.maxPacks });
    this.today = options.today ?? (() => new Date().toISOString().slice(0, 10));
    this.now = options.now ?? (() => performance.now());
    this.pause = options.pause ?? (() => new Promise((resolve) => setTimeout(resolve, 0)));
  }

  async kernels(): Promise<Result<readonly KernelSummary[], string>> {
    const index = await this.store.index();
    if (!index.ok) return index;
    return ok(index.value.kernels.map(({ kernel, release, helpers, kfuncs, btf, bytes }) => ({ kernel, release, helpers, kfuncs, btf, packBytes: bytes })));
  }

  vmlinuxH(kernel: string, overlay: string | null): Promise<Result<string, string>> {
    return this.store.vmlinuxH(kernel, overlay);
  }

  async loadKernel(name: string, overlay: string | null): Promise<Result<LoadedKernel, string>> {
    const kernel = await this.store.kernel(name, overlay);
    if (!kernel.ok) return kernel;
    const { manifest, btf, policy, release } = kernel.value;
    const index = await this.store.index();
    const packBytes = (index.ok ? index.value.kernels.find((k) => k.kernel === manifest.kernel)?.bytes : undefined) ?? 0;
    return ok({
      kernel: manifest.kernel, name: kernel.value.name, release, helpers: manifest.helpers.length, kfuncs: new Set(manifest.kfuncs.map((k) => k.name)).size,
      btf: btf !== null, packBytes, notes: policy?.notes ?? [],
    });
  }

  async open(objectId: string, object: Uint8Array, name?: string): Promise<Result<ObjectSummary, LoadError>> {
    const spec = guarded(() => this.doors.openObject(object, name === undefined ? {} : { name }));
    if (!spec.ok) return spec;
    this.objects.set(objectId, spec.value);
    return ok({
      programs: spec.value.programs.map((p) => ({ name: p.name, section: p.section, type: p.type ?? null, insns: p.insns.length })),
      maps: spec.value.maps.map(({ name, type, keySize, valueSize, maxEntries }) => ({ name, type, keySize, valueSize, maxEntries })),
    });
  }

  private program(objectId: string, name: string): Result<{ spec: ObjectSpec; program: ProgramSpec }, LoadError> {
    const spec = this.objects.get(objectId);
    if (!spec) return err(refusal("open", "the object is not open"));
    const program = spec.programs.find((p) => p.name === name);
    if (!program) {
      const near = nearestNames(name, spec.programs.map((p) => p.name), 1);
      return err(refusal("open", `the object has no program "${name}"${near[0] === undefined ? "" : ` (nearest: ${near[0]})`}`));
    }
    return ok({ spec, program });
  }

  private async bind(objectId: string, name: string, kernelName: string, overlay: string | null): Promise<Result<{ bound: BoundProgram; kernel: Kernel }, LoadError>> {
    const found = this.program(objectId, name);
    if (!found.ok) return found;
    const kernel = await this.store.kernel(kernelName, overlay);
    if (!kernel.ok) return err(refusal("open", kernel.error, "unsupported"));
    const bound = guarded(() => this.doors.bindProgram(found.value.spec, name, kernel.value));
    if (!bound.ok) return bound;
    const view = kernelFor(kernel.value, found.value.spec.apiVersion ?? 0);
    return ok({ bound: bound.value, kernel: view.ok ? view.value : kernel.value });
  }

  async check(
    objectId: string, program: string, kernelName: string, overlay: string | null, options: CheckOptions, onProgress?: (progress: CheckProgress) => void,
  ): Promise<ProgramVerdict> {
    const start = this.now();
    const bound = await this.bind(objectId, program, kernelName, overlay);
    const custom = overlay === null ? null : await this.store.kernel(kernelName, overlay);
    const base = { program, kernel: kernelName, ...(custom?.ok ? { kernelName: custom.value.name } : {}) };
    if (!bound.ok) {
      const { stage, message, insn, source } = bound.error;
      const api = await this.explainRefusal({ load: bound.error, message: "" }, program, objectId, kernelName, overlay);
      // The loader did not find it, and the pack cannot tell whether the kernel has it: that is no verdict.
      const verdict = api?.status === "not known" ? "unsupported" : bound.error.verdict;
      const lab = await this.lab(objectId, kernelName, overlay, null, bound.error);
      const help = await this.helpWithLoad(bound.error, objectId, program, kernelName, overlay);
      return { ...base, verdict, stage, message, insn, source, load: bound.error, ...(help ? { help } : {}), ...(api ? { api } : {}), ...(lab ? { lab } : {}), warnings: [], ms: this.now() - start };
    }
    const limit = bound.value.kernel.manifest.limits.insns;
    const tell = onProgress && this.everySoOften((processed: number, states: number, walk: 1 | 2) => onProgress({ processed, states, walk, limit }));
    const verify = guardedValue(() => this.doors.verify(bound.value.bound, bound.value.kernel, { logLevel: options.logLevel, unprivileged: options.unprivileged === true, ...(tell ? { onProgress: tell } : {}) }));
    if (!verify.ok) return { ...base, verdict: "unsupported", stage: "verify", message: verify.error, warnings: [], ms: this.now() - start };
    const { verdict, message, insn, source } = verify.value;
    const lab = await this.lab(objectId, kernelName, overlay, bound.value.bound, null);
    const warnings = [...new Set([...bound.value.bound.warnings, ...verify.value.warnings])];
    const note = verdict === "rejected" && insn !== undefined ? bound.value.bound.poisoned?.get(insn) : undefined;
    const api = verdict === "rejected" ? await this.explainRefusal({ load: null, message, note }, program, objectId, kernelName, overlay) : undefined;
    return { ...base, verdict, stage: "verify", message, ...(note === undefined ? {} : { note }), insn, source, verify: verify.value, ...(api ? { api } : {}), ...(lab ? { lab } : {}), warnings, ms: this.now() - start };
  }

  private async helpWithLoad(error: LoadError, objectId: string, program: string, kernelName: string, overlay: string | null): Promise<LoadHelp | null> {
    const found = this.program(objectId, program);
    const kernel = await this.store.kernel(kernelName, overlay);
    return found.ok && kernel.ok ? explainLoad(error, found.value.spec, kernel.value) : null;
  }

  private async lab(objectId: string, kernelName: string, overlay: string | null, bound: BoundProgram | null, load: LoadError | null): Promise<LabVerdict | null> {
    const kernel = overlay === null ? null : await this.store.kernel(kernelName, overlay);
    if (!kernel?.ok) return null;
    const apiVersion = this.objects.get(objectId)?.apiVersion ?? 0;
    // Changes are told as the program's own version sees them, where the kernel keeps that.
    const view = kernelFor(kernel.value, apiVersion);
    return labVerdict(view.ok ? view.value : kernel.value, bound, load, apiVersion, this.today());
  }

  /** Passes on one call in a while, and never asks to stop. */
  private everySoOften(tell: (processed: number, states: number, walk: 1 | 2) => void): (processed: number, states: number, walk: 1 | 2) => boolean {
    let last = this.now();
    return (processed, states, walk) => {
      const now = this.now();
      if (now - last >= PROGRESS_MS) {
        last = now;
        tell(processed, states, walk);
      }
      return false;
    };
  }

  async states(objectId: string, program: string, kernelName: string, overlay: string | null, watch: WatchRequest, options: Pick<CheckOptions, "unprivileged"> = {}): Promise<Result<InsnStates, LoadError>> {
    const bound = await this.bind(objectId, program, kernelName, overlay);
    if (!bound.ok) return bound;
    const verify = guardedValue(() => this.doors.verify(bound.value.bound, bound.value.kernel, { logLevel: 0, unprivileged: options.unprivileged === true, firstWalkOnly: true, watch }));
    if (!verify.ok) return err(refusal("verify", verify.error, "unsupported"));
    return verify.value.states ? ok(verify.value.states) : err(refusal("verify", verify.value.message, "unsupported"));
  }

  private async explainRefusal(
    refusal: { load: LoadError | null; message: string; note?: string }, program: string, objectId: string, kernelName: string, overlay: string | null,
  ): Promise<ApiExplanation | undefined> {
    const apis = await this.store.apis();
    if (!apis.ok) return undefined;
    const subject = subjectOf(refusal.load, refusal.message, refusal.note, apis.value);
    if (!subject) return undefined;
    const kernel = await this.store.kernel(kernelName, overlay);
    if (!kernel.ok) return undefined;
    const progType = this.program(objectId, program);
    const view = kernelFor(kernel.value, this.objects.get(objectId)?.apiVersion ?? 0);
    const explanation = explainMissing(subject.name, view.ok ? view.value : kernel.value, apis.value, {
      refused: refusal.load === null,
      ...(subject.kind ? { kind: subject.kind } : {}),
      ...(progType.ok && progType.value.program.type !== undefined ? { progType: progType.value.program.type } : {}),
    });
    return explanation.status === "present" ? undefined : explanation;
  }

  /** For reading: as the kernel gets it; a program that does not bind, as it stands in the object. */
  async disasm(objectId: string, program: string, kernelName: string, overlay: string | null): Promise<Result<readonly DisasmLine[], LoadError>> {
    const bound = await this.disassemble(objectId, program, kernelName, overlay, "bound");
    return bound.ok ? bound : this.disassemble(objectId, program, kernelName, overlay, "object");
  }

  /** Disassembly as it stands in the object, or bound to the kernel; the latter fails where the kernel refuses to bind. */
  async disassemble(
    objectId: string, program: string, kernelName: string, overlay: string | null, form: "object" | "bound",
  ): Promise<Result<readonly DisasmLine[], LoadError>> {
    const found = this.program(objectId, program);
    if (!found.ok) return found;
    const bound = await this.bind(objectId, program, kernelName, overlay);
    if (form === "bound") return bound.ok ? ok(disasmLines(bound.value.bound, bound.value.kernel)) : bound;
    const kernel = await this.store.kernel(kernelName, overlay);
    return ok(disasmLines(found.value.program, kernel.ok ? kernel.value : null, bound.ok ? bound.value.bound : null));
  }

  async run(objectId: string, overlay: string | null, input: RunInput): Promise<Result<RunResult, LoadError>> {
    const bound = await this.bind(objectId, input.program, input.kernel, overlay);
    if (!bound.ok) return bound;
    try {
      return ok(await this.doors.runProgram(bound.value.bound, bound.value.kernel, {
        ...(input.dataIn ? { dataIn: input.dataIn } : {}),
        ...(input.ctxIn ? { ctxIn: input.ctxIn } : {}),
        repeat: input.repeat,
        maps: input.maps,
      }, { programs: await this.tailCallTargets(objectId, overlay, input.kernel, bound.value.bound) }));
    } catch (error) {
      return err(refusal("verify", defect("the emulator", error), "unsupported"));
    }
  }

  /** Programs that stand in the program's arrays from the start; those that do not bind are left out. */
  private async tailCallTargets(objectId: string, overlay: string | null, kernel: string, program: BoundProgram): Promise<BoundProgram[]> {
    const names = new Set(program.maps.flatMap((map) => (map.type === "prog_array" ? (map.initialSlots ?? []).map((slot) => slot.target) : [])));
    names.delete(program.name);
    const out: BoundProgram[] = [];
    for (const name of names) {
      const target = await this.bind(objectId, name, kernel, overlay);
      if (target.ok) out.push(target.value.bound);
    }
    return out;
  }

  async matrix(job: string, request: MatrixRequest, onVerdict: (verdict: ProgramVerdict) => void): Promise<Result<{ judged: number; cancelled: boolean }, string>> {
    const spec = this.objects.get(request.objectId);
    if (!spec) return err("the object is not open");
    const index = await this.store.index();
    if (!index.ok) return index;
    const state = { cancelled: false };
    this.jobs.set(job, state);
    const kernels = request.kernels ?? index.value.kernels.map((k) => k.kernel);
    const columns = request.columns ?? kernels.map((kernel) => ({ kernel, overlay: request.overlay }));
    const programs = request.programs ?? spec.programs.map((p) => p.name);
    let judged = 0;
    try {
      // A kernel at a time, newest first, so that each pack is opened once however few are kept.
      for (const [column, { kernel, overlay }] of [...columns.entries()].reverse()) {
        for (const program of programs) {
          await this.pause();
          if (state.cancelled) return ok({ judged, cancelled: true });
          const verdict = await this.check(request.objectId, program, kernel, overlay, { logLevel: 0 });
          onVerdict(request.columns ? { ...verdict, column } : verdict);
          judged++;
        }
      }
      return ok({ judged, cancelled: false });
    } finally {
      if (this.jobs.get(job) === state) this.jobs.delete(job);
    }
  }

  async cancel(job: string): Promise<void> {
    const state = this.jobs.get(job);
    if (state) state.cancelled = true;
  }

  async typeHints(kernelName: string, messages: readonly string[]): Promise<Result<readonly (string | null)[], string>> {
    if (!messages.some((m) => namesMissed(m).length > 0)) return ok(messages.map(() => null));
    const types = await this.store.types();
    if (!types.ok) return types;
    const apis = await this.store.apis();
    const off = apis.ok ? apis.value.kernels.find((k) => k.kernel === kernelName)?.off : undefined;
    return ok(messages.map((m) => missingTypeText(types.value, m, kernelName, off)));
  }

  async explain(name: string, kernelName: string, overlay: string | null, progType: string | null): Promise<Result<ApiExplanation, string>> {
    const apis = await this.store.apis();
    if (!apis.ok) return apis;
    const kernel = await this.store.kernel(kernelName, overlay);
    if (!kernel.ok) return kernel;
    return ok(explainMissing(name, kernel.value, apis.value, progType === null ? {} : { progType }));
  }

  async api(name: string): Promise<Result<{ kind: "helper" | "kfunc"; id: number | null; rows: readonly ApiRow[] }, string>> {
    const apis = await this.store.apis();
    if (!apis.ok) return apis;
    const life = findApi(apis.value, name);
    if (!life) {
      const near = nearestNames(name, apis.value.apis.map((a) => a.name), 3);
      return err(`no helper or kfunc "${name}"${near.length > 0 ? ` (nearest: ${near.join(", ")})` : ""}`);
    }
    return ok({ kind: life.kind, id: life.id, rows: lifeRows(apis.value, life) });
  }

  async calls(objectId: string, kernelName: string, overlay: string | null): Promise<Result<readonly CallStatus[], string>> {
    const spec = this.objects.get(objectId);
    if (!spec) return err("the object is not open");
    const kernel = await this.store.kernel(kernelName, overlay);
    if (!kernel.ok) return kernel;
    const apis = await this.store.apis();
    const tried = spec.programs.map((program) => {
      const bound = guarded(() => this.doors.bindProgram(spec, program.name, kernel.value));
      return { program, bound: bound.ok ? bound.value : null };
    });
    return ok(callStatuses(spec, tried, kernel.value, apis.ok ? apis.value : null));
  }

  async difference(objectId: string, name: string, from: string, to: string, overlay: string | null, options: Pick<CheckOptions, "unprivileged"> = {}): Promise<Result<ProgramDifference, string>> {
    const found = this.program(objectId, name);
    if (!found.ok) return err(found.error.message);
    const ends: Kernel[] = [];
    for (const kernelName of [from, to]) {
      const kernel = await this.store.kernel(kernelName, overlay);
      if (!kernel.ok) return err(kernel.error);
      const view = kernelFor(kernel.value, found.value.spec.apiVersion ?? 0);
      ends.push(view.ok ? view.value : kernel.value);
    }
    const judge = (kernel: Kernel): Answer => this.answer(found.value.spec, name, kernel, options.unprivileged === true);
    const difference = kernelDifference(ends[0]!, ends[1]!, judge, { budgetMs: DIFFERENCE_MS, now: this.now });
    let api: ApiExplanation | null = null;
    for (const [i, kernelName] of [from, to].entries()) {
      if ((i === 0 ? difference.from : difference.to).verdict === "accepted") continue;
      api ??= (await this.check(objectId, name, kernelName, overlay, { logLevel: 0, ...options })).api ?? null;
    }
    const before = await this.calls(objectId, from, overlay);
    const after = await this.calls(objectId, to, overlay);
    const apis = await this.store.apis();
    const changes = apis.ok ? changesBetween(apis.value, from, to) : [];
    return ok({ ...difference, api, calls: before.ok && after.ok ? callDifferences(name, before.value, after.value, changes) : [] });
  }

  private answer(spec: ObjectSpec, name: string, kernel: Kernel, unprivileged: boolean): Answer {
    const bound = guarded(() => this.doors.bindProgram(spec, name, kernel));
    if (!bound.ok) return { verdict: bound.error.verdict, stage: bound.error.stage, message: bound.error.message, processed: null };
    const verify = guardedValue(() => this.doors.verify(bound.value, kernel, { logLevel: 0, unprivileged, firstWalkOnly: true }));
    if (!verify.ok) return { verdict: "unsupported", stage: "verify", message: verify.error, processed: null };
    const { verdict, message, stats } = verify.value;
    return { verdict: verdict === "stopped" ? "unsupported" : verdict, stage: "verify", message, processed: stats.insns };
  }

  stability: LabWorkerApi["stability"] = (name, kernel, overlay) => stability(this.store, name, kernel, overlay);
  overlayProblems: LabWorkerApi["overlayProblems"] = (overlay, kernel) => overlayProblems(this.store, overlay, kernel);
  labNames: LabWorkerApi["labNames"] = (kernel, overlay, what, part) => labNames(this.store, kernel, overlay, what, part);
  labPolicy: LabWorkerApi["labPolicy"] = (kernel, overlay, today) => labPolicy(this.store, kernel, overlay, today);
  labBodies: LabWorkerApi["labBodies"] = async (overlay) => labBodies(overlay);
  withBodies: LabWorkerApi["withBodies"] = async (overlay, objects) => withBodies(overlay, objects);
  shim: LabWorkerApi["shim"] = (request) => shim(this.store, request);

  async apiChanges(from: string, to: string): Promise<Result<readonly ApiDifference[], string>> {
    const apis = await this.store.apis();
    return apis.ok ? ok(changesBetween(apis.value, from, to)) : apis;
  }
}

function refusal(stage: LoadError["stage"], message: string, verdict: LoadError["verdict"] = "rejected"): LoadError {
  return { stage, verdict, message, log: [] };
}

function defect(where: string, error: unknown): string {
  return `a defect in ${where} of this simulation: ${error instanceof Error ? error.message : String(error)}`;
}

/** A door that throws has a defect; the page must survive it and the answer must not be a guess. */
function guarded<T>(work: () => Result<T, LoadError>): Result<T, LoadError> {
  try {
    return work();
  } catch (error) {
    return err(refusal("open", defect("the loader", error), "unsupported"));
  }
}

function guardedValue<T>(work: () => T): Result<T, string> {
  try {
    return ok(work());
  } catch (error) {
    return err(defect("the verifier", error));
  }
}
