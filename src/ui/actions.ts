import { projectMarkdown } from "../session/markdown.ts";
import { encodeLink } from "../session/link.ts";
import { readDocument } from "../session/lab/form-model.ts";
import { exportProject, importProject } from "../session/documents.ts";
import { fileNameProblem, LIMITS, mainFile } from "../session/project.ts";
import { readCapture, type Capture } from "../session/packets/pcap.ts";
import type { Project } from "../session/types.ts";
import { signal } from "@preact/signals";
import { openLab, setDraft, useDraft } from "./lab/lab-state.ts";
import { keeper, newDocument, panel, session, toast } from "./state.ts";

/** The capture that was opened last, for the input panel. */
export const capture = signal<{ name: string; capture: Capture } | null>(null);

export async function linkOf(project: Project, embed = false): Promise<string> {
  const url = new URL(location.href);
  url.search = embed ? "?embed" : "";
  url.hash = await encodeLink(project);
  return url.href;
}

/** Puts a text into the clipboard; where the page may not (plain http in a room), the older way, and at last shows it to be copied by hand. */
export async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    if (copyBySelection(text)) toast(done);
    else window.prompt("Copy this:", text);
  }
}

/** Copies by selecting a field's text: what browsers allow on pages that are not secure, in answer to a click. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.position = "fixed";
  field.style.opacity = "0";
  // Within an open dialog, which takes the focus back from everything outside it.
  const focused = document.activeElement;
  (focused?.closest("dialog") ?? document.body).append(field);
  try {
    field.select();
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}

export async function copyLink(): Promise<void> {
  const link = await linkOf(session.project.value);
  // A workshop's step stays in the address: a reload goes on there.
  if (!keeper.value) history.replaceState(null, "", link);
  const note = session.object.value?.from === "upload" ? " An uploaded object file does not fit into a link." : "";
  await copy(link, `Link copied, ${link.length.toLocaleString("en")} characters: source, flags, kernel, inputs, maps and the selected instruction are in it.${note}`);
}

export async function copyEmbed(): Promise<void> {
  const link = await linkOf(session.project.value, true);
  await copy(`<iframe src="${link.replaceAll("&", "&amp;")}" width="100%" height="520" style="border:1px solid #aaa" title="BPF Playground"></iframe>`, "Code to embed copied.");
}

export async function copyMarkdown(): Promise<void> {
  const project = session.project.value;
  await copy(projectMarkdown(project, session.verdict.value, session.run.value.kind === "done" ? session.run.value.result : null, await linkOf(project)), "Markdown copied.");
}

export function save(name: string, content: BlobPart, type = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function downloadSource(): void {
  const { files, activeFile } = session.project.value;
  save(activeFile.split("/").pop()!, files[activeFile] ?? "", "text/x-csrc");
}
export function downloadObject(): void {
  const object = session.object.value;
  if (object) save(object.name.split("/").pop()!, object.bytes as BlobPart);
}
export function downloadProject(): void {
  const name = (mainFile(session.project.value) ?? "project").replace(/(\.bpf)?\.c$/, "");
  save(`${name}.bpfproj.json`, exportProject(session.project.value), "application/json");
}

export function pickFiles(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".c,.h,.o,.json,.pcap,.pcapng,.cap,.bin";
  input.onchange = () => void openFiles([...(input.files ?? [])]);
  input.click();
}

/** Takes files by what they are: source joins the project, an object replaces the compiler's, a capture goes to the inputs. */
export async function openFiles(list: readonly File[]): Promise<void> {
  for (const file of list) {
    if (file.size > 64 * 1024 * 1024) {
      toast(`${file.name} has ${Math.round(file.size / 1024 / 1024)} MB; more than 64 MB are not read.`, "bad");
      continue;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (/\.json$/.test(file.name)) {
      const project = importProject(new TextDecoder().decode(bytes));
      if (project.ok) newDocument(project.value);
      else if (looksLikeLab(bytes)) {
        setDraft(new TextDecoder().decode(bytes));
        useDraft();
        openLab("kernel");
        toast(`${file.name} is in force as a custom kernel.`);
      }
      else toast(`${file.name}: ${project.error}.`, "bad");
    } else if (/\.(pcap|pcapng|cap)$/i.test(file.name)) {
      const read = readCapture(bytes);
      if (read.ok) {
        capture.value = { name: file.name, capture: read.value };
        panel.value = "input";
        if (read.value.packets.length === 0) toast(`${file.name} holds no packet.`, "bad");
      } else toast(`${file.name}: ${read.error}.`, "bad");
    } else if (/\.[ch]$/.test(file.name)) addSource(file.name, bytes);
    else await session.upload(file.name, bytes);
  }
}

function addSource(name: string, bytes: Uint8Array): void {
  if (bytes.length > LIMITS.fileBytes) {
    toast(`${name} is larger than ${LIMITS.fileBytes / 1024} kB.`, "bad");
    return;
  }
  const { files } = session.project.value;
  const clean = name.replace(/[^A-Za-z0-9_.+-]/g, "_");
  const problem = fileNameProblem(clean);
  if (problem) {
    toast(`${name}: ${problem}.`, "bad");
    return;
  }
  const blank = Object.values(files).every((text) => text.trim() === "");
  session.update({ files: { ...(blank ? {} : files), [clean]: new TextDecoder().decode(bytes) }, activeFile: clean });
}

/** A custom kernel's document has changes or calls itself a release; its own messages say what else is wrong with it. */
function looksLikeLab(bytes: Uint8Array): boolean {
  if (bytes.length > LIMITS.overlayBytes) return false;
  const document = readDocument(new TextDecoder().decode(bytes));
  return typeof document === "object" && document !== null && "name" in document && ["changes", "simulatedRelease", "btf", "api"].some((key) => key in document);
}
