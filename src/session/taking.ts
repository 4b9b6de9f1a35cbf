import { batch, computed, effect, signal, untracked } from "@preact/signals-core";
import { err, ok, type Result } from "../base/result.ts";
import { runChecks } from "../workshop/checks.ts";
import { importProgress, newProgress, resetStep, stepProgress, withStep, type Progress, type StepProgress } from "../workshop/progress.ts";
import type { AttemptBuild, CheckOutcome, Workshop, WorkshopStep } from "../workshop/types.ts";
import { CompiledAttempt, inputTexts } from "./attempt.ts";
import type { Store } from "./documents.ts";
import { KernelClient, type OpenObject } from "./kernel-client.ts";
import { realClock, type Clock, type CompilerPort, type KernelPort } from "./ports.ts";
import { emptyProject, fileNameProblem, mainFile } from "./project.ts";
import type { Session } from "./session.ts";
import type { Project } from "./types.ts";

/** Where a workshop came from: of the page's own list, from an address, or from a file or folder of the reader's. */
export type WorkshopSource = { kind: "own"; id: string } | { kind: "url"; url: string } | { kind: "local" };

export type ChecksState =
  /** nothing to check yet: clang has not arrived, or the step has no checks */
  | { kind: "none" }
  /** `fresh` are the first outcomes of this text, `last` those of the text before */
  | { kind: "checking"; fresh: readonly CheckOutcome[]; last: readonly CheckOutcome[] | null }
  | { kind: "done"; outcomes: readonly CheckOutcome[]; /** the text has changed since */ stale: boolean };

export interface TakingOptions {
  session: Session;
  compiler: CompilerPort;
  store: Store;
  makePort: () => KernelPort;
  clock?: Clock;
  workshop: Workshop;
  source: WorkshopSource;
}

/** Objects that follow each other faster than this are checked once. */
const SETTLE_MS = 30;
const SAVE_MS = 400;
/** Checks ask many kernels: ending their worker would throw away the packs it has opened, so only work that hangs is ended. */
const PATIENCE_MS = 2500;

/** The name under which progress is kept. A workshop from elsewhere never writes over one of ours with the same id. */
export function progressKey(workshop: Pick<Workshop, "id">, source: WorkshopSource): string {
  return `bpf-playground/workshop/${source.kind === "own" ? "" : "other/"}${workshop.id}`;
}

/** The project that a step opens with: the attendee's own files where there are some, else the starter's. */
export function stepProject(step: WorkshopStep, files: Readonly<Record<string, string>> | undefined): Project {
  const base = emptyProject(step.kernel);
  const usable = (from: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(from).filter(([name]) => fileNameProblem(name) === null));
  const own = usable(files ?? step.starter);
  const shown = Object.keys(own).length > 0 ? own : usable(step.starter);
  const all = Object.keys(shown).length > 0 ? shown : base.files;
  const input = step.input === null ? null : inputTexts(step.input);
  return {
    ...base,
    files: all,
    activeFile: headerToWrite(step, all) ?? Object.keys(all).sort().find((name) => name.endsWith(".c")) ?? Object.keys(all)[0] ?? base.activeFile,
    overlay: step.overlay,
    flags: { ...step.flags, extra: [] },
    program: step.program,
    input: input?.ok ? { dataIn: input.value.dataIn.replace(/(..)(?=.)/g, "$1 "), ctxIn: input.value.ctxIn, repeat: step.input?.repeat ?? 1, preset: step.input?.preset ?? null } : base.input,
    maps: input?.ok ? input.value.maps : {},
  };
}

/** Where the task is in a header and the program stays as it is, the step opens on the header. */
function headerToWrite(step: WorkshopStep, files: Readonly<Record<string, string>>): string | undefined {
  const changed = Object.keys(step.solution).filter((name) => Object.hasOwn(files, name));
  return changed.some((name) => name.endsWith(".c")) ? undefined : changed[0];
}

/**
 * One attendee's way through one workshop: which step is open, its files (each step has its own), its checks as they stand, hints
 * seen, time spent. Progress is kept in the store; the session does the compiling and judging that the editor shows, and a kernel
 * worker of its own answers the checks, so that neither waits for the other.
 */
export class Taking {
  readonly workshop: Workshop;
  readonly source: WorkshopSource;
  readonly progress = signal<Progress>(null as unknown as Progress);
  readonly checks = signal<ChecksState>({ kind: "none" });
  readonly saved = signal<"saved" | "saving" | "full">("saved");
  readonly step = computed<WorkshopStep>(() => this.workshop.steps.find((s) => s.id === this.progress.value.current) ?? this.workshop.steps[0]!);
  readonly own = computed<StepProgress>(() => stepProgress(this.progress.value, this.step.value.id));

  private readonly session: Session;
  private readonly compiler: CompilerPort;
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly makePort: () => KernelPort;
  private client: KernelClient | null = null;
  private seq = 0;
  private objects = 0;
  private cancelCheck: (() => void) | null = null;
  private cancelSave: (() => void) | null = null;
  /** steps changed here since they were saved: only these are written over what another tab has saved */
  private readonly dirty = new Set<string>();
  private shownFiles: Project["files"] | null = null;
  private checkedKey = "";
  private readonly undo: (() => void)[] = [];

  constructor(options: TakingOptions) {
    this.workshop = options.workshop;
    this.source = options.source;
    this.session = options.session;
    this.compiler = options.compiler;
    this.store = options.store;
    this.clock = options.clock ?? realClock;
    this.makePort = options.makePort;
    this.progress.value = this.load() ?? newProgress(this.workshop);
  }

  /** Opens a step (the one last open when none is named) and watches the session from then on. */
  start(step: string | null): void {
    this.goTo(step !== null && this.workshop.steps.some((s) => s.id === step) ? step : this.step.value.id);
    this.undo.push(effect(() => this.follow()), effect(() => this.watch()));
  }

  /** Ends what start() began; what is unsaved is saved. */
  stop(): void {
    for (const run of this.undo.splice(0)) run();
    this.cancelCheck?.();
    this.seq++;
    this.client?.interruptSlow();
    this.save();
  }

  goTo(id: string): void {
    const step = this.workshop.steps.find((s) => s.id === id);
    if (!step) return;
    this.save();
    this.seq++;
    this.cancelCheck?.();
    batch(() => {
      this.progress.value = { ...this.progress.value, current: id };
      this.checks.value = { kind: "none" };
      this.checkedKey = "";
      const project = stepProject(step, stepProgress(this.progress.value, id).files);
      this.shownFiles = project.files;
      this.session.replaceProject(project);
    });
    this.saveSoon();
  }

  /** The step before or after the open one, null at the ends. */
  neighbour(by: 1 | -1): WorkshopStep | null {
    return this.workshop.steps[this.workshop.steps.indexOf(this.step.value) + by] ?? null;
  }

  /** A step without checks has been read. */
  markRead(): void {
    if (this.step.value.checks.length === 0) this.change({ passed: true });
  }

  revealHint(): void {
    const { hints } = this.step.value;
    this.change({ hintsSeen: Math.min(hints.length, this.own.value.hintsSeen + 1) });
  }

  addSeconds(seconds: number): void {
    this.change({ seconds: this.own.value.seconds + seconds });
  }

  rename(attendee: string): void {
    this.progress.value = { ...this.progress.value, attendee: attendee.slice(0, 80) };
    this.saveSoon();
  }

  /** Back to the step's starter; every other step stays. Returns what undoes it. */
  reset(): () => void {
    const step = this.step.value;
    return this.replaceFiles(stepProject(step, undefined), () => {
      this.progress.value = resetStep(this.progress.value, step.id);
    });
  }

  /** Puts the solution into the editor. Returns what undoes it. */
  takeSolution(): () => void {
    const step = this.step.value;
    return this.replaceFiles(stepProject(step, { ...step.starter, ...step.solution }));
  }

  private replaceFiles(project: Project, alongside: () => void = () => undefined): () => void {
    const step = this.step.value.id;
    const before = { project: this.session.project.value, own: this.own.value };
    batch(() => {
      alongside();
      this.session.update(project);
    });
    this.dirty.add(step);
    this.saveSoon();
    return () => {
      batch(() => {
        const steps = { ...this.progress.value.steps, [step]: before.own };
        this.progress.value = { ...this.progress.value, steps };
        this.dirty.add(step);
        if (this.step.value.id === step) this.session.update(before.project);
      });
      this.saveSoon();
    };
  }

  /** Takes over an exported progress file in place of what is here. */
  import(text: string): Result<void, string> {
    const read = importProgress(text, this.workshop);
    if (!read.ok) return read;
    this.progress.value = read.value;
    for (const id of Object.keys(read.value.steps)) this.dirty.add(id);
    // What the editor shows belongs to the progress before: it must not be taken for the imported step's.
    this.shownFiles = this.session.project.value.files;
    this.goTo(this.step.value.id);
    this.save();
    return ok(undefined);
  }

  private change(change: Partial<StepProgress>): void {
    const { id } = this.step.value;
    this.progress.value = withStep(this.progress.value, id, change);
    this.dirty.add(id);
    this.saveSoon();
  }

  /** Keeps the attendee's files as they are typed. */
  private follow(): void {
    const { files } = this.session.project.value;
    if (files === this.shownFiles) return;
    this.shownFiles = files;
    untracked(() => this.keep(files));
  }

  private keep(files: Project["files"]): void {
    const step = this.step.value;
    const starter = JSON.stringify(files) === JSON.stringify(stepProject(step, undefined).files);
    if (!starter) {
      this.change({ files });
      return;
    }
    const { files: _dropped, ...rest } = this.own.value;
    this.progress.value = { ...this.progress.value, steps: { ...this.progress.value.steps, [step.id]: rest } };
    this.dirty.add(step.id);
    this.saveSoon();
  }

  /** Sees when there is a new object, or a text that makes none, and has it checked; beside the session's own check, not after it. */
  private watch(): void {
    const compile = this.session.compile.value;
    const object = this.session.object.value;
    const build = this.session.build.value;
    const opened = this.session.summary.value !== null || this.session.openError.value !== null;
    const { files } = this.session.project.value;
    const now = this.checks.peek();
    if (this.step.peek().checks.length === 0) return;
    const failed = compile.kind === "done" && compile.errors > 0 && build !== null;
    if (!failed && !(object !== null && opened && this.session.upToDate())) {
      if (compile.kind === "idle") return;
      if (now.kind === "done" && !now.stale) this.checks.value = { ...now, stale: true };
      // What is still being asked is about a text that is no more.
      if (now.kind === "checking") {
        this.seq++;
        this.checkedKey = "";
        this.checks.value = { kind: "done", outcomes: [...now.fresh, ...(now.last ?? []).slice(now.fresh.length)], stale: true };
      }
      return;
    }
    const key = JSON.stringify([object?.id, files, failed]);
    if (key === this.checkedKey) {
      if (now.kind === "done" && now.stale) this.checks.value = { ...now, stale: false };
      return;
    }
    this.cancelCheck?.();
    this.cancelCheck = this.clock.after(SETTLE_MS, () => void this.checkNow(key));
  }

  private async checkNow(key: string): Promise<void> {
    const seq = ++this.seq;
    const step = this.step.value;
    const project = this.session.project.value;
    const before = this.checks.value;
    this.checkedKey = key;
    const last = before.kind === "done" ? before.outcomes : before.kind === "checking" ? before.last : null;
    this.checks.value = { kind: "checking", fresh: [], last };
    this.client ??= new KernelClient(this.makePort(), this.clock, PATIENCE_MS);
    const client = this.client;
    client.interruptSlow();
    const made = await this.attemptOf(step, project);
    if (seq !== this.seq) return;
    const object = made.object;
    let programs: readonly string[] = [];
    let errors = made.errors;
    if (object) {
      const opened = await client.open(object);
      if (seq !== this.seq) return;
      if (opened === "gone") errors = ["the kernel worker stopped"];
      else if (opened.ok) programs = opened.value.programs.map((p) => p.name);
      else errors = [opened.error.message];
    }
    const build: AttemptBuild = { errors, warnings: made.warnings, programs };
    const attempt = new CompiledAttempt({
      workshop: this.workshop, files: project.files, build, objectId: object?.id ?? null,
      // Questions about a text that is no more are not asked.
      ask: (work) => (object && seq === this.seq ? client.about(object, work) : Promise.resolve("gone")),
    });
    const outcomes = await runChecks(step, attempt, (fresh) => {
      if (seq === this.seq) this.checks.value = { kind: "checking", fresh, last };
    });
    if (seq !== this.seq) return;
    batch(() => {
      this.checks.value = { kind: "done", outcomes, stale: false };
      const own = stepProgress(this.progress.value, step.id);
      const passed = own.passed || outcomes.every((o) => o.passed);
      // The starter as it came is no attempt of the attendee's.
      if (own.files !== undefined || passed !== own.passed) this.change({ passed, attempts: own.attempts + (own.files === undefined ? 0 : 1) });
    });
  }

  /** The object that the checks are about: made for the step's own kernel and flags, which may not be those on show. */
  private async attemptOf(step: WorkshopStep, project: Project): Promise<{ object: OpenObject | null; errors: readonly string[]; warnings: readonly string[] }> {
    const wanted = stepProject(step, project.files);
    const same = project.kernel === wanted.kernel && project.overlay === wanted.overlay && JSON.stringify(project.flags) === JSON.stringify(wanted.flags);
    const main = mainFile(project);
    let built = this.session.build.value;
    let object: OpenObject | null = this.session.object.value;
    if (!same && main !== null && this.session.object.value?.from !== "upload") {
      const answer = await this.compiler.compile({ files: project.files, main, kernel: wanted.kernel, overlay: wanted.overlay, flags: wanted.flags }).catch((e: unknown) => err(e instanceof Error ? e.message : String(e)));
      if (!answer.ok) return { object: null, errors: [answer.error], warnings: [] };
      built = answer.value;
      object = answer.value.object ? { id: `workshop-${++this.objects}`, bytes: answer.value.object } : null;
    }
    const said = (severity: string): string[] => (built?.diagnostics ?? []).filter((d) => d.severity === severity).map((d) => (d.line > 0 ? `line ${d.line}: ${d.message}` : d.message));
    return { object, errors: said("error"), warnings: said("warning") };
  }

  private load(): Progress | null {
    const text = this.store.get(progressKey(this.workshop, this.source));
    const read = text === null ? null : importProgress(text, this.workshop);
    return read?.ok ? read.value : null;
  }

  private saveSoon(): void {
    if (this.saved.peek() !== "full") this.saved.value = "saving";
    this.cancelSave?.();
    this.cancelSave = this.clock.after(SAVE_MS, () => this.save());
  }

  /** Writes what has changed here over what the store holds; steps changed in another tab stay as that tab left them. */
  save(): void {
    this.cancelSave?.();
    this.cancelSave = null;
    const there = this.load();
    const mine = this.progress.peek();
    const steps: Record<string, StepProgress> = { ...mine.steps, ...there?.steps };
    for (const id of this.dirty) {
      const own = mine.steps[id];
      if (own) steps[id] = own;
    }
    const written = this.store.set(progressKey(this.workshop, this.source), JSON.stringify({ ...mine, steps }));
    this.saved.value = written ? "saved" : "full";
    if (written) this.dirty.clear();
  }
}
