import { signal } from "@preact/signals";

export type Surface = "solution" | "hand-in" | "give" | "room";
/** What lies above the page while a workshop is open. */
export const surface = signal<Surface | null>(null);
