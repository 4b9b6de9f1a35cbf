import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { SourcePos } from "../loader/types.ts";
import { Documents } from "../session/documents.ts";
import { Matrix } from "../session/matrix.ts";
import { mainFile, projectTitle } from "../session/project.ts";
import { Session } from "../session/session.ts";
import type { Project } from "../session/types.ts";
import { autoCompile, store } from "./prefs.ts";
import { compilerPort, makeKernelPort, makeSidePort } from "./worker-ports.ts";
import { startProject } from "./start-project.ts";

export type Panel = "verdict" | "log" | "insns" | "calls" | "output" | "input" | "matrix" | "api" | "lab";
export const PANELS: readonly { id: Panel; title: string }[] = [
  { id: "verdict", title: "Why" },
  { id: "log", title: "Log" },
  { id: "insns", title: "Instructions" },
  { id: "calls", title: "Calls" },
  { id: "output", title: "Output" },
  { id: "input", title: "Input" },
  { id: "matrix", title: "All kernels" },
  { id: "api", title: "API" },
  { id: "lab", title: "Lab" },
];

export const panel = signal<Panel>("verdict");
/** On a phone one of the two is shown. */
export const pane = signal<"text" | "editor" | "results">("editor");
export const embedded = new URLSearchParams(location.search).has("embed");

const writer = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
export const documents = new Documents(store, writer);
const CURRENT = "bpf-playground/current";
export const documentId = signal(store.get(CURRENT) ?? documents.newId());
export const saveState = signal<"saved" | "saving" | "full">("saved");

export const session = new Session({ compiler: compilerPort, kernel: makeKernelPort(), project: startProject() });
export const matrix = new Matrix(() => makeSidePort());
/** Once asked for, the matrix is filled again with every new object. */
export const matrixWanted = signal(false);

/** Who keeps the text on show in place of the documents: an open workshop does, step by step. */
export interface Keeper {
  /** of the window */
  title: ReadonlySignal<string>;
  save(): void;
  /** ends it: what is opened next is a document */
  leave(): void;
}
export const keeper = signal<Keeper | null>(null);

export const kernelNames = computed(() => {
  const kernels = session.kernels.value;
  return kernels?.ok ? kernels.value.map((k) => k.kernel) : [];
});

export interface Toast { id: number; text: string; kind: "info" | "bad"; action?: { label: string; run: () => void } }
export const toasts = signal<readonly Toast[]>([]);
let toastId = 0;
export function toast(text: string, kind: Toast["kind"] = "info", action?: Toast["action"]): void {
  const id = ++toastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, kind, ...(action ? { action } : {}) }];
  setTimeout(() => dismissToast(id), kind === "bad" || action ? 12_000 : 4000);
}
export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

/** Where the editor should go; `at` makes each request a new one. */
export const reveal = signal<{ file: string; line: number; col: number; focus: boolean; at: number } | null>(null);
/** Where the editor's cursor is. */
export const cursor = signal<{ file: string; line: number; col: number }>({ file: "", line: 1, col: 1 });

/** The project's name for a file that a compiler or the kernel names with folders of its own. */
export function projectFile(name: string): string | null {
  const files = session.project.value.files;
  const clean = name.replace(/^\.?\//, "");
  if (clean in files) return clean;
  return Object.keys(files).find((file) => name.endsWith(`/${file}`)) ?? (Object.keys(files).length === 1 && name === "" ? mainFile(session.project.value) : null);
}

export function goTo(position: { file: string; line: number; col?: number }, focus = false): void {
  const file = projectFile(position.file);
  if (!file) return;
  if (session.project.value.activeFile !== file && file.endsWith(".h")) session.update({ activeFile: file });
  else if (session.project.value.activeFile !== file) session.update({ activeFile: file });
  reveal.value = { file, line: position.line, col: position.col ?? 1, focus, at: performance.now() };
}

/** Selects an instruction in every pane; with `follow`, the editor goes to its line. */
export function selectInsn(insn: number | null, follow: SourcePos | undefined | null = null): void {
  session.update({ selectedInsn: insn });
  if (follow) goTo(follow);
}

/** The C line an instruction belongs to: that of the nearest one before it, in the same function, that carries one. */
export const sourceOfInsn = computed(() => {
  const map = new Map<number, SourcePos>();
  const disasm = session.disasm.value;
  let last: SourcePos | undefined;
  for (const line of disasm?.ok ? disasm.value : []) {
    if (line.subprog) last = undefined;
    last = line.source ?? last;
    if (last) map.set(line.insn, last);
  }
  return map;
});

/** Source line of the selected instruction. */
export const selectedSource = computed(() => {
  const insn = session.project.value.selectedInsn;
  return insn === null ? null : (sourceOfInsn.value.get(insn) ?? null);
});

export function openDocument(id: string, project: Project): void {
  saveNow();
  keeper.value?.leave();
  documentId.value = id;
  if (!embedded) store.set(CURRENT, id);
  session.replaceProject(project);
  matrix.clear();
  saveNow();
}

/** Starts a new document with this content; the one before stays in the list. */
export function newDocument(project: Project): void {
  openDocument(documents.newId(), project);
}

let lastSaved: Project | null = null;
let saveTimer: ReturnType<typeof setTimeout> | undefined;

export function saveNow(): void {
  clearTimeout(saveTimer);
  if (keeper.value) {
    keeper.value.save();
    return;
  }
  const project = session.project.value;
  if (project === lastSaved || embedded) {
    saveState.value = "saved";
    return;
  }
  if (Object.values(project.files).every((text) => text.trim() === "")) return;
  const { id, outcome } = documents.save(documentId.value, project);
  if (outcome === "copied") {
    documentId.value = id;
    toast("This project was changed in another tab. You go on in a copy here; the other one is kept.");
  }
  store.set(CURRENT, id);
  saveState.value = outcome === "full" ? "full" : "saved";
  if (outcome !== "full") lastSaved = project;
}

/** Call once: connects autosave, the compile switch and the matrix. */
export function connect(): void {
  lastSaved = session.project.value;
  effect(() => {
    if (session.project.value === lastSaved || keeper.value) return;
    if (saveState.peek() !== "full") saveState.value = "saving";
    clearTimeout(saveTimer);
    saveTimer = setTimeout(saveNow, 400);
  });
  addEventListener("pagehide", saveNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") saveNow();
  });
  effect(() => {
    session.autoCompile.value = autoCompile.value;
  });
  effect(() => {
    document.title = `${keeper.value?.title.value ?? projectTitle(session.project.value)} · BPF Playground`;
  });
  session.onObject(() => {
    if (matrixWanted.value) fillMatrix();
  });
}

/** Judges every program of the object on every kernel. */
export function fillMatrix(): void {
  const object = session.object.value;
  const summary = session.summary.value;
  if (!object || !summary) return;
  matrixWanted.value = true;
  void matrix.fill({ object, programs: summary.programs.map((p) => p.name), kernels: kernelNames.value, overlay: session.project.value.overlay, unprivileged: session.project.value.unprivileged, first: session.program.value?.name ?? null });
}

export const running = computed(() => session.run.value.kind === "running");

export async function runProgram(): Promise<void> {
  panel.value = "output";
  pane.value = "results";
  await session.runNow();
}
