import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import type { Taking } from "../../session/taking.ts";
import { toast } from "../state.ts";

/**
 * The way into workshops, as light as a door: what is behind it (Markdown, the format, archives) is fetched when somebody goes in.
 *
 * Addresses: `#w=ID` or `#workshop=ID` opens a workshop of this page's, `#w=ID/STEP` a step of it (by folder name or number);
 * `?workshop=URL` one from elsewhere, with `#step=STEP`; `#w=~ID` one that was opened from a file and is kept in this browser.
 */
export interface Room {
  taking: Taking;
  Pane: FunctionComponent;
  /** files of the page that the workshop came from or needs: its text, its kernels */
  needed: () => readonly string[];
}

/** The workshop that is open. */
export const room = signal<Room | null>(null);
/** Set while one is on its way, to what is said meanwhile. */
export const arriving = signal<string | null>(null);
export const libraryOpen = signal(false);

export type Wanted =
  | { kind: "own"; id: string; step: string | null }
  | { kind: "kept"; id: string; step: string | null }
  | { kind: "url"; url: string; step: string | null };

/** What an address asks for, null when that is no workshop. `start` stands in an address that asks for nothing (see index.html of an offline copy). */
export function readAddress(search: string, hash: string, start: string | null = null): Wanted | null {
  const fragment = hash.replace(/^#/, "");
  const url = new URLSearchParams(search).get("workshop");
  const named = /^(?:w|workshop)=(~?)([\w-]{1,64})(?:\/([\w-]{1,64}))?$/.exec(fragment) ?? (fragment === "" && start !== null && url === null ? /^w=(~?)([\w-]{1,64})(?:\/([\w-]{1,64}))?$/.exec(start) : null);
  if (named) return { kind: named[1] === "~" ? "kept" : "own", id: named[2] ?? "", step: named[3] ?? null };
  if (url !== null && (fragment === "" || fragment.startsWith("step="))) return { kind: "url", url, step: /^step=([\w-]{1,64})$/.exec(fragment)?.[1] ?? null };
  return null;
}

const startMeta = (): string | null => document.querySelector('meta[name="playground-start"]')?.getAttribute("content") ?? null;

/** Opens the workshop that the address asks for; false when it asks for none. An open one whose address is left is left. */
export async function followWorkshopAddress(first: boolean): Promise<boolean> {
  const wanted = readAddress(location.search, location.hash, first ? startMeta() : null);
  if (!wanted) {
    if (room.value && location.hash === "") (await import("./enter.ts")).leave();
    return false;
  }
  await enter(async (inside) => inside.openWanted(wanted));
  return true;
}

let letIn: () => void = () => undefined;
/** Settles when what the address asks for is on the page. Large things that can wait (the editor, 3 MB) wait for it, so that a text comes first on a slow line. */
export const addressFollowed = new Promise<void>((resolve) => { letIn = resolve; });
export const setAddressFollowed = (): void => letIn();

type Inside = typeof import("./enter.ts");

/** Goes through the door with something to open. */
export async function enter(open: (inside: Inside) => Promise<void>): Promise<void> {
  arriving.value = "Opening the workshop…";
  try {
    await open(await import("./enter.ts"));
  } catch (error) {
    console.error(error);
    toast("The workshop's part of this page could not be loaded. Your own work is as it was.", "bad");
  } finally {
    arriving.value = null;
  }
}

/** True when what is dropped is a workshop: a folder or a zip. It is then opened. */
export function takeDrop(data: DataTransfer | null): boolean {
  if (!data) return false;
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null);
  const folder = entries.find((entry) => entry.isDirectory);
  const zip = [...data.files].find((file) => /\.zip$/i.test(file.name));
  if (folder) void enter((inside) => inside.openDroppedFolder(folder as FileSystemDirectoryEntry));
  else if (zip) void enter((inside) => inside.openDroppedFile(zip));
  return folder !== undefined || zip !== undefined;
}
