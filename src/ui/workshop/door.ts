import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import type { Taking } from "../../session/taking.ts";
import { readAddress } from "../../workshop/address.ts";
import { toast } from "../state.ts";

/**
 * The way into workshops, as light as a door: what is behind it (Markdown, the format, archives) is fetched when somebody goes in.
 */
export interface Room {
  taking: Taking;
  Pane: FunctionComponent;
  /** files of the page that the workshop came from or needs: its text, its kernels, what a copy for a room without internet is made of */
  needed: () => Promise<readonly string[]>;
}

/** The workshop that is open. */
export const room = signal<Room | null>(null);
/** Set while one is on its way, to what is said meanwhile. */
export const arriving = signal<string | null>(null);
export const libraryOpen = signal(false);

/** The address in `?workshop=`. */
export const asked = (): string | null => new URLSearchParams(location.search).get("workshop");
const startMeta = (): string | null => document.querySelector('meta[name="playground-start"]')?.getAttribute("content") ?? null;

/** Opens the workshop that the address asks for; false when it asks for none. An open one whose address is left is left. */
export async function followWorkshopAddress(first: boolean): Promise<boolean> {
  const wanted = readAddress(asked(), location.hash, first ? startMeta() : null);
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

/** True when what is dropped is a workshop (a folder or a zip), or progress for the open one. It is then opened. */
export function takeDrop(data: DataTransfer | null): boolean {
  if (!data) return false;
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null);
  const folder = entries.find((entry) => entry.isDirectory);
  const zip = [...data.files].find((file) => /\.zip$/i.test(file.name));
  const progress = room.value ? [...data.files].find((file) => /\.progress\.json$/i.test(file.name)) : undefined;
  if (folder) void enter((inside) => inside.openDroppedFolder(folder as FileSystemDirectoryEntry));
  else if (zip) void enter((inside) => inside.openDroppedFile(zip));
  else if (progress) void enter((inside) => inside.openDroppedProgress(progress));
  return [folder, zip, progress].some((dropped) => dropped !== undefined);
}
