import { computed, effect, signal } from "@preact/signals";
import type { KernelPort } from "../../session/ports.ts";
import { Taking, type WorkshopSource } from "../../session/taking.ts";
import { documentId, documents, keeper, kernelNames, newDocument, openDocument, pane, panel, saveNow, saveState, session, toast } from "../state.ts";
import { largeType, narrow, store } from "../prefs.ts";
import { keepForOffline } from "../keep-offline.ts";
import { findStep, readAddress, writeAddress, type Wanted } from "../../workshop/address.ts";
import { releasesOf } from "../../workshop/presenting.ts";
import { startProject } from "../start-project.ts";
import { compilerPort, makeSidePort } from "../worker-ports.ts";
import { asked, enter, libraryOpen, room } from "./door.ts";
import { loadProgress } from "./menu.tsx";
import { neededForCopy } from "./offline-copy.ts";
import { openFile, openFolder, openKept, openOwn, openUrl, type Opened, type OpenResult } from "./open.ts";
import { WorkshopPane } from "./pane.tsx";
import { surface } from "./surface.ts";

/** The files of the open workshop as they came: what an offline copy takes along. */
export const openedFiles = signal<Readonly<Record<string, string>>>({});

export async function openWanted(wanted: Wanted): Promise<void> {
  const now = room.value?.taking;
  if (now && isOf(now.source, now.workshop.id, wanted)) {
    if (wanted.step !== null) now.goTo(findStep(now.workshop.steps, wanted.step) ?? now.step.value.id);
    return;
  }
  const found = wanted.kind === "own" ? await openOwn(wanted.id) : wanted.kind === "kept" ? await openKept(wanted.id) : await openUrl(wanted.url);
  show(found, wanted.step);
}

export async function openAddress(url: string): Promise<boolean> {
  return show(await openUrl(url), null);
}
export async function openDroppedFile(file: File): Promise<void> {
  show(await openFile(file), null);
}
export async function openDroppedProgress(file: File): Promise<void> {
  if (room.value) await loadProgress(room.value.taking, file);
}
export async function openPickedFolder(list: readonly File[]): Promise<void> {
  show(await openFolder(list.map((file) => ({ path: file.webkitRelativePath || file.name, file }))), null);
}
export async function openDroppedFolder(root: FileSystemDirectoryEntry): Promise<void> {
  const files: { path: string; file: File }[] = [];
  await walk(root, "", files, 0);
  show(await openFolder(files), null);
}

const MAX_WALK = 2000;

async function walk(folder: FileSystemDirectoryEntry, prefix: string, out: { path: string; file: File }[], depth: number): Promise<void> {
  if (depth > 8 || /^(?:\.|node_modules$)/.test(folder.name)) return;
  const reader = folder.createReader();
  const path = `${prefix}${folder.name}/`;
  for (;;) {
    // A browser hands entries over a hundred at a time.
    const entries = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (out.length >= MAX_WALK) return;
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, path, out, depth + 1);
      else {
        const file = await new Promise<File | null>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(null)));
        if (file) out.push({ path: path + entry.name, file });
      }
    }
  }
}

function isOf(source: WorkshopSource, id: string, wanted: Wanted): boolean {
  return wanted.kind === "url" ? source.kind === "url" && source.url === wanted.url : source.kind === (wanted.kind === "own" ? "own" : "local") && id === wanted.id;
}

/** The worker that answers checks; one for all workshops that are opened one after the other. */
let checker: KernelPort | null = null;
let undo: (() => void)[] = [];
const SECONDS = 5;
/** Kernels of later steps are fetched when what the first one needs is there. */
const LATER = 6000;

function show(found: OpenResult, step: string | null): boolean {
  if (!found.ok) {
    toast(`${found.error} Your own work is as it was.`, "bad");
    return false;
  }
  const { workshop, files, source, note, paths } = found.value as Opened;
  if (room.value) end();
  else saveNow();
  const taking = new Taking({ session, compiler: compilerPort, store, makePort: () => (checker ??= makeSidePort()), workshop, source });
  openedFiles.value = files;
  keeper.value = { title: computed(() => `${taking.step.value.title} · ${workshop.title}`), save: () => taking.save(), leave: () => makeWay(taking) };
  taking.start(step === null ? null : findStep(workshop.steps, step));
  const needed = async (): Promise<string[]> => {
    const releases = releasesOf(workshop, kernelNames.value);
    return [...new Set([...(paths ?? []), ...releases.map((release) => `kernels/${release}.pack`), ...(await neededForCopy(releases))])];
  };
  room.value = { taking, Pane: WorkshopPane, needed };
  libraryOpen.value = false;
  panel.value = "verdict";
  if (narrow.value) pane.value = "text";
  const clock = setInterval(() => {
    if (document.visibilityState === "visible" && document.hasFocus()) taking.addSeconds(SECONDS);
  }, SECONDS * 1000);
  const ahead = setTimeout(() => void needed().then(keepForOffline), LATER);
  undo = [
    () => clearInterval(clock),
    () => clearTimeout(ahead),
    effect(() => { saveState.value = taking.saved.value; }),
    effect(() => followStep(taking)),
    effect(() => { document.documentElement.dataset["type"] = largeType.value ? "large" : "plain"; }),
  ];
  if (note) toast(note);
  return true;
}

const wantedOf = ({ workshop, source, step }: Taking): Wanted =>
  source.kind === "url" ? { kind: "url", url: source.url, step: step.value.id } : { kind: source.kind === "own" ? "own" : "kept", id: workshop.id, step: step.value.id };

/** Puts the open step into the address, so that it can be copied, and Back leads to the step before. */
function followStep(taking: Taking): void {
  const { search, hash } = writeAddress(wantedOf(taking));
  if (location.hash === hash && location.search === search) return;
  const now = readAddress(asked(), location.hash);
  const same = now !== null && isOf(taking.source, taking.workshop.id, now) && now.step !== null;
  history[same ? "pushState" : "replaceState"](null, "", location.pathname + search + hash);
}

function forgetAddress(): void {
  if (readAddress(asked(), location.hash)) history.replaceState(null, "", location.pathname);
}

/** Ends the open workshop without opening anything else. */
function end(): void {
  for (const run of undo.splice(0)) run();
  room.value?.taking.stop();
  checker?.rest?.();
  keeper.value = null;
  room.value = null;
  surface.value = null;
  largeType.value = false;
  delete document.documentElement.dataset["type"];
  saveState.value = "saved";
  if (pane.value === "text") pane.value = "editor";
}

/** Something else is being opened in the workshop's place: it is left, and the way back is offered. */
function makeWay(taking: Taking): void {
  const wanted = wantedOf(taking);
  end();
  forgetAddress();
  toast("You have left the workshop; your progress is kept.", "info", { label: "Back to it", run: () => void enter((inside) => inside.openWanted(wanted)) });
}

/** Leaves the workshop for the document that was open before it. */
export function leave(): void {
  if (!room.value) return;
  const id = documentId.value;
  const project = documents.load(id);
  end();
  forgetAddress();
  if (project.ok) openDocument(id, project.value);
  else newDocument(startProject());
}
