/** The lab's state on the page: the document as it is being written, what is wrong with it, what it changes. */
import { computed, effect, signal } from "@preact/signals";
import { printDocument, readDocument, type Json, type Schema } from "../../session/lab/form-model.ts";
import { KernelClient } from "../../session/kernel-client.ts";
import { realClock } from "../../session/ports.ts";
import type { LabPolicy, OverlayReport } from "../../workers/lab-api.ts";
import type { FullKernelWorkerApi } from "../../workers/kernel-api.ts";
import { store } from "../prefs.ts";
import { pane, panel, session } from "../state.ts";
import { makeSidePort } from "../worker-ports.ts";

export type LabPage = "kernel" | "compare" | "calls" | "shim";
export const labPage = signal<LabPage>("kernel");

export function openLab(page: LabPage = "kernel"): void {
  labPage.value = page;
  panel.value = "lab";
  pane.value = "results";
}

/** A kernel worker for the lab's own questions, so that the editor's check never waits for them; ended when it has nothing to do. */
let client: KernelClient | null = null;
export function labClient(): KernelClient {
  client ??= new KernelClient(makeSidePort(), realClock);
  return client;
}
export function askLab<T>(work: (api: FullKernelWorkerApi) => Promise<T>): Promise<T | "gone"> {
  return labClient().call(work);
}

/** The document's text. It is in force while the project holds it; otherwise it waits here, and in the browser's storage. */
export const draft = signal<string | null>(null);
const DRAFT = "bpf-playground/lab-draft";
export const inForce = computed(() => session.project.value.overlay !== null);
export const labDocument = computed<Json | undefined>(() => (draft.value === null ? undefined : readDocument(draft.value)));
export const report = signal<OverlayReport>({ problems: [], notes: [] });
export const policy = signal<LabPolicy | null>(null);

export const BLANK = printDocument({ schema: 1, name: "mine", changes: [] });

let applyTimer: ReturnType<typeof setTimeout> | undefined;
let seq = 0;

/** Takes an edited text: it is checked at once, and goes into the project when nothing is wrong or nothing more is typed. */
export function setDraft(text: string | null): void {
  draft.value = text;
  clearTimeout(applyTimer);
  if (text === null) return;
  store.set(DRAFT, text);
  void examine(text, session.project.value.kernel);
}

export function editDocument(next: Json): void {
  setDraft(printDocument(next));
}

async function examine(text: string, kernel: string): Promise<void> {
  const own = ++seq;
  const answer = await askLab((api) => api.overlayProblems(text, kernel));
  if (own !== seq || answer === "gone") return;
  report.value = answer;
  if (!inForce.value || session.project.value.overlay === text) return;
  // What is wrong is saved too, a little later: nothing that was typed is lost, and the verdict says what the kernel cannot be.
  applyTimer = setTimeout(() => session.update({ overlay: text }), answer.problems.length === 0 ? 250 : 2000);
}

export function useDraft(): void {
  if (draft.value !== null) session.update({ overlay: draft.value });
}
export function usePlain(): void {
  clearTimeout(applyTimer);
  session.update({ overlay: null });
}

/** The form's description: made from the same source as the validator (kernel/overlay-schema.ts). */
export const schema = signal<Schema | null>(null);
export const schemaError = signal<string | null>(null);
export interface Sample {
  file: string;
  name: string;
  title: string;
  about: string;
  /** samples of one kind stand together under it */
  group: string;
  base: string | null;
  /** a program to try on it: files, the main one first, and arguments for clang */
  program: { files: Readonly<Record<string, string>>; args: readonly string[]; /** hexadecimal; "" where none is given */ dataIn: string; ctxIn: string } | null;
}
export const samples = signal<readonly Sample[]>([]);

export async function loadLab(): Promise<void> {
  if (schema.value === null) {
    schemaError.value = null;
    try {
      const response = await fetch(new URL("kernels/overlay.schema.json", document.baseURI));
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      schema.value = (await response.json()) as Schema;
    } catch (error) {
      schemaError.value = error instanceof Error ? error.message : String(error);
    }
  }
  if (samples.value.length === 0) samples.value = await readSamples();
}

async function readSamples(): Promise<readonly Sample[]> {
  try {
    const response = await fetch(new URL("kernels/lab-index.json", document.baseURI));
    if (!response.ok) return [];
    const data = (await response.json()) as unknown;
    const list = Array.isArray(data) ? (data as unknown[]) : Array.isArray((data as { labs?: unknown })?.labs) ? (data as { labs: unknown[] }).labs : [];
    return list.flatMap((entry) => {
      const e = entry as Record<string, unknown>;
      const text = (key: string): string => (typeof e?.[key] === "string" ? e[key] : "");
      const files = (data as { programs?: Readonly<Record<string, Readonly<Record<string, string>>>> }).programs?.[text("program")];
      const program = files ? { files, args: Array.isArray(e["args"]) ? (e["args"] as unknown[]).map(String) : [], dataIn: text("dataIn"), ctxIn: text("ctxIn") } : null;
      return /^[\w.-]+\.json$/.test(text("file")) ? [{ file: text("file"), name: text("name"), title: text("title") || text("name"), about: text("description"), group: text("group"), base: text("base") || null, program }] : [];
    });
  } catch {
    return [];
  }
}

/** A sample's text; the error says why it cannot be had. */
export async function readSample(file: string): Promise<string> {
  const response = await fetch(new URL(`kernels/lab/${file}`, document.baseURI));
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.text();
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** Call once. The project is the truth: another one, or a link, brings its own document. */
export function connectLab(): void {
  draft.value = session.project.value.overlay ?? store.get(DRAFT);
  let shown: string | null = null;
  effect(() => {
    const { overlay, kernel } = session.project.value;
    if (overlay !== null && overlay !== draft.peek()) draft.value = overlay;
    const key = `${kernel}\n${overlay ?? ""}`;
    if (key === shown) return;
    shown = key;
    if (overlay === null) {
      policy.value = null;
      return;
    }
    void examine(overlay, kernel);
    void askLab((api) => api.labPolicy(kernel, overlay, today())).then((answer) => {
      if (shown === key) policy.value = answer !== "gone" && answer.ok ? answer.value : null;
    });
  });
}

export function overlayName(overlay: string): string {
  const name = (readDocument(overlay) as { name?: unknown } | null | undefined)?.name;
  return typeof name === "string" && name !== "" ? name.slice(0, 24) : "custom";
}
